"""Tests of lists in and out: suppressions as addresses and hashes, and audiences in the columns of other tools."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest
from orderhouse.access.roles import BUILT_IN, OWNER
from orderhouse.campaigns.addresses import (
    export_audience,
    export_suppressions,
    import_suppressions,
    names_of,
)
from orderhouse.errors import OrderhouseError
from orderhouse.messages.suppressions import land_suppressions, suppressions_of
from orderhouse.operations.audit_log import entries
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of

from tests.messages.home import ANA, ERIKA, PEOPLE, RAVI, publish, settle

MEMBERS = "insert into marts.fct_campaign_members (campaign_id, customer_key, arm) values "
ALL_TREATED = MEMBERS + "('spring', 'erika', 'treated'), ('spring', 'ravi', 'treated'), ('spring', 'ana', 'held_out')"
NO_CONSENT = "update marts.dim_customers set has_marketing_consent = false where customer_key = 'ravi'"
CUSTOMER_ID = "alter table marts.dim_customers add column customer_id varchar"
WHY = "For the newsletter tool"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """Return a home with three people, of whom two were treated."""
    settings = Settings(home=tmp_path)
    settle(settings)
    publish(settings, CUSTOMER_ID, ALL_TREATED)
    return settings


def token(settings: Settings, address: str) -> str:
    return token_of(load_keys(settings), "email", address)


def hashed(address: str) -> str:
    return hashlib.sha256(address.lower().encode()).hexdigest()


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def take_in(settings: Settings, text: str, purpose: str = "all") -> tuple[int, int, int, list[int]]:
    path = settings.home / "list.csv"
    path.write_text(text, encoding="utf-8")
    found = import_suppressions(settings, path, purpose, actor="me", role=OWNER)
    return found.lines, found.new, found.unknown, found.wrong


def test_addresses_and_hashes_become_tokens(home: Settings) -> None:
    text = (
        f"Email,Reason\n{ERIKA.upper()},bounced\n{hashed(RAVI)}\nnew@example.com\n\n{hashed('nobody@example.com')}\n?\n"
    )
    assert take_in(home, text) == (4, 3, 1, [7])
    found = suppressions_of(home)
    assert found.by_purpose == {"all": {token(home, ERIKA), token(home, RAVI), token(home, "new@example.com")}}
    assert found.holds(token(home, ERIKA), "newsletter") and not found.holds(token(home, ANA), "newsletter")
    stored = "".join(path.read_text() for path in home.suppressions.glob("*.ndjson"))
    assert "@" not in stored and hashed(RAVI) not in stored


def test_an_import_again_changes_nothing_and_a_resumed_person_is_written_to_again(home: Settings) -> None:
    assert take_in(home, f"{ERIKA}\n", "newsletter")[1] == 1
    assert take_in(home, f"{ERIKA}\n", "newsletter")[1] == 0
    assert len(list(home.suppressions.glob("*.ndjson"))) == 1
    recipient = token(home, ERIKA)
    assert land_suppressions(home, [recipient], "newsletter", kind="resumed", origin="command") == 1
    assert not suppressions_of(home).holds(recipient, "newsletter")
    assert take_in(home, f"{ERIKA}\n", "newsletter")[1] == 1
    assert suppressions_of(home).holds(recipient, "newsletter")
    assert not suppressions_of(home).holds(recipient, "surveys")


def test_a_suppression_list_goes_out_hashed_and_plain_only_with_the_right(home: Settings) -> None:
    take_in(home, f"{ERIKA}\n")
    take_in(home, f"{RAVI}\n", "newsletter")
    path = home.home / "out.csv"
    marketing = BUILT_IN["marketing"]
    assert export_suppressions(home, path, "all", plain=False, reason="", actor="m", role=marketing) == 1
    assert rows(path) == [["email_sha256"], [hashed(ERIKA)]]
    with pytest.raises(OrderhouseError, match="The role marketing may not see personal data"):
        export_suppressions(home, path, "newsletter", plain=True, reason=WHY, actor="m", role=marketing)
    with pytest.raises(OrderhouseError, match="State the reason"):
        export_suppressions(home, path, "newsletter", plain=True, reason=" ", actor="m", role=OWNER)
    with pytest.raises(OrderhouseError, match=r"out.csv exists already"):
        export_suppressions(home, path, "newsletter", plain=True, reason=WHY, actor="m", role=OWNER)
    assert rows(path) == [["email_sha256"], [hashed(ERIKA)]]
    plain = home.home / "plain.csv"
    assert export_suppressions(home, plain, "newsletter", plain=True, reason=WHY, actor="m", role=OWNER) == 2
    assert rows(plain) == [["email"], [ERIKA.lower()], [RAVI]]
    assert plain.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("layout", "heading"),
    [
        ("klaviyo", ["Email", "First Name", "Last Name", "Campaign"]),
        ("mailchimp", ["Email Address", "First Name", "Last Name", "Tags"]),
        ("hubspot", ["First Name", "Last Name", "Email", "Campaign"]),
    ],
)
def test_treated_members_go_out_in_the_columns_of_a_tool(home: Settings, layout: str, heading: list[str]) -> None:
    path = home.home / "audience.csv"
    assert export_audience(home, "spring", layout, path, reason=WHY, actor="me", role=OWNER) == 2
    found = rows(path)
    assert found[0] == heading
    people = [dict(zip(heading, row, strict=True)) for row in found[1:]]
    address = next(name for name in heading if name.startswith("Email"))
    by_address = {each[address]: (each["First Name"], each["Last Name"]) for each in people}
    assert by_address == {email: names_of(PEOPLE[email][0]) for email in (ERIKA, RAVI)}
    (logged,) = entries(home, action="export_audience")
    assert json.loads(logged.detail) == {"layout": layout, "people": 2, "why": WHY}
    assert "example.com" not in logged.detail


def test_an_audience_holds_only_people_who_consent_now(home: Settings) -> None:
    publish(home, CUSTOMER_ID, ALL_TREATED, NO_CONSENT, number=2)
    first, second = home.home / "first.csv", home.home / "second.csv"
    assert export_audience(home, "spring", "klaviyo", first, reason=WHY, actor="me", role=OWNER) == 1
    land_suppressions(home, [token(home, ERIKA)], "newsletter", kind="unsubscribed", origin="portal")
    assert export_audience(home, "spring", "klaviyo", second, reason=WHY, actor="me", role=OWNER) == 0


def test_formulas_are_guarded(tmp_path: Path) -> None:
    from orderhouse.campaigns.addresses import _write

    _write(tmp_path / "x.csv", [["=1+1", "+49", "-x", "@a", "＝1+1", "\u200b=1+1", "plain"]])
    assert rows(tmp_path / "x.csv") == [["'=1+1", "'+49", "'-x", "'@a", "'＝1+1", "'\u200b=1+1", "plain"]]


@pytest.mark.parametrize("role", ["marketing", "operator", "viewer"])
def test_roles_without_both_rights_export_no_addresses(home: Settings, role: str) -> None:
    with pytest.raises(OrderhouseError, match=f"The role {role} may not"):
        export_audience(home, "spring", "klaviyo", home.home / "x", reason=WHY, actor="m", role=BUILT_IN[role])
    assert not (home.home / "x").exists()


def test_a_campaign_that_is_not_published_is_told(home: Settings) -> None:
    with pytest.raises(OrderhouseError, match="No treated members of summer are published"):
        export_audience(home, "summer", "klaviyo", home.home / "x", reason=WHY, actor="m", role=OWNER)
