"""Tests of messages of campaigns: to treated members who consent then, with the link that ends them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from orderhouse.campaigns.campaign import Campaign
from orderhouse.campaigns.states import note_start
from orderhouse.messages.campaigning import count_campaign_messages
from orderhouse.messages.outbox import list_messages
from orderhouse.messages.service import deliver_messages, derive_messages
from orderhouse.messages.suppressions import land_suppressions
from orderhouse.messages.unsubscribing import person_of
from orderhouse.operations.store import Store, open_store
from orderhouse.operations.tables import CAMPAIGNS
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from orderhouse.vault.single_tokens import token_of
from orderhouse.vault.vault import open_vault

from tests.messages.home import ERIKA, configure, publish, settle
from tests.messages.making import NOW
from tests.messages.sinks import MailSink

SWITCHED_ON = NOW - timedelta(days=1)
SPRING = Campaign(
    "spring", "Spring sale", {}, None, Decimal("0.5"), "SPRING10", "email", "campaign", None, 14, 1, "newsletter"
)
INSERT = "insert into marts.fct_campaign_members (campaign_id, customer_key, arm) values "
MEMBERS = INSERT + "('spring', 'erika', 'treated'), ('spring', 'ravi', 'held_out'), ('spring', 'ana', 'global_control')"


@pytest.fixture
def home(settings: Settings, mail: MailSink) -> Settings:
    """Return a home in which a campaign runs, with one treated member."""
    settle(settings)
    configure(settings, mail.server)
    derive_messages(settings, now=SWITCHED_ON)
    deliver_messages(settings, now=SWITCHED_ON)
    note_start(open_store(settings), SPRING, 3, actor="mia", now=NOW - timedelta(minutes=30))
    publish(settings, MEMBERS)
    derive_messages(settings, now=SWITCHED_ON)
    return settings


def send(settings: Settings, now: datetime = NOW) -> int:
    derive_messages(settings, now=now)
    result, closed = deliver_messages(settings, now=now)
    assert not closed and not result.errors
    return result.sent


def reasons(settings: Settings) -> list[tuple[str, str | None]]:
    return [(message.state, message.reason) for message in list_messages(open_store(settings))]


def put(settings: Settings, state: str) -> None:
    with open_store(settings).writing(CAMPAIGNS.name) as connection:
        connection.execute(sa.update(CAMPAIGNS).values(state=state))


def test_a_treated_member_is_told_once_and_the_other_arms_never(home: Settings, mail: MailSink) -> None:
    assert send(home) == 1
    ((recipients, message),) = mail.got
    assert recipients == [ERIKA]
    assert str(message["Subject"]) == "Spring sale"
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Erika Muster" in text and "SPRING10" in text
    assert send(home) == 0
    publish(home, MEMBERS, number=2)
    assert send(home) == 0
    assert count_campaign_messages(open_store(home)) == {"spring": {"sent": 1}}


def test_the_mail_ends_with_one_click(home: Settings, mail: MailSink) -> None:
    send(home)
    ((_, message),) = mail.got
    address = str(message["List-Unsubscribe"]).strip("<>")
    assert str(message["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    assert address.startswith("https://track.example.com/unsubscribe/")
    keys = load_keys(home)
    assert person_of(keys, address.rpartition("/")[2]) == (token_of(keys, "email", ERIKA), "newsletter")
    assert address in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


@pytest.mark.parametrize("purpose", ["newsletter", "all"])
def test_who_unsubscribed_meanwhile_is_not_written_to(home: Settings, purpose: str) -> None:
    derive_messages(home, now=NOW)
    recipient = token_of(load_keys(home), "email", ERIKA)
    land_suppressions(home, [recipient], purpose, kind="unsubscribed", origin="portal", now=NOW)
    assert send(home) == 0
    assert reasons(home) == [("suppressed", "the person has unsubscribed from this purpose")]


def test_another_purpose_goes_on(home: Settings) -> None:
    recipient = token_of(load_keys(home), "email", ERIKA)
    land_suppressions(home, [recipient], "surveys", kind="unsubscribed", origin="portal", now=NOW)
    assert send(home) == 1


def test_what_another_source_sent_as_suppressed_counts(home: Settings) -> None:
    story = "insert into marts.fct_suppressions values ($erika, 'newsletter', true, '2026-03-01 10:00:00')"
    publish(home, MEMBERS, story, number=2)
    assert send(home) == 0


def test_consent_is_asked_when_it_goes(home: Settings) -> None:
    derive_messages(home, now=NOW)
    publish(
        home, MEMBERS, "update marts.dim_customers set has_marketing_consent = false where customer_key = 'erika'",
        number=2,
    )  # fmt: skip
    assert send(home) == 0
    assert reasons(home) == [("suppressed", "the customer has not agreed to marketing")]


def test_a_paused_campaign_waits_and_a_stopped_one_ends(home: Settings) -> None:
    put(home, "paused")
    assert send(home) == 0
    assert [state for state, _ in reasons(home)] == ["pending"]
    put(home, "stopped")
    assert send(home, NOW + timedelta(minutes=20)) == 0
    assert reasons(home) == [("suppressed", "the campaign was stopped")]


def test_a_resumed_campaign_goes_on(home: Settings) -> None:
    put(home, "paused")
    assert send(home) == 0
    put(home, "running")
    assert send(home, NOW + timedelta(minutes=20)) == 1


def test_a_campaign_that_the_store_does_not_know_sends_nothing(home: Settings, store: Store) -> None:
    derive_messages(home, now=NOW)
    with store.writing(CAMPAIGNS.name) as connection:
        connection.execute(sa.delete(CAMPAIGNS))
    assert send(home) == 0
    assert reasons(home) == [("suppressed", "the campaign was stopped")]


def test_quiet_hours_hold_and_no_file_switches_them_off(home: Settings) -> None:
    night = NOW.replace(hour=21)
    assert send(home, night) == 0
    assert send(home, night + timedelta(hours=12)) == 1


def test_an_erased_person_is_not_written_to(home: Settings) -> None:
    derive_messages(home, now=NOW)
    with open_vault(home) as vault:
        vault.erase([token_of(load_keys(home), "email", ERIKA)])
    assert send(home) == 0
    assert reasons(home) == [("suppressed", "the person was erased")]


def test_without_the_address_of_the_portal_nothing_goes(home: Settings, mail: MailSink) -> None:
    file = home.home / "messages.yaml"
    file.write_text(file.read_text().replace("portal_url: https://track.example.com\n", ""))
    assert send(home) == 0
    (message,) = list_messages(open_store(home))
    assert (message.state, mail.got) == ("failed", [])
    assert "no campaign goes without its link" in (message.last_error or "")


def test_a_campaign_of_last_month_sends_nothing(home: Settings) -> None:
    assert send(home, NOW + timedelta(days=30)) == 0
    assert reasons(home) == [("expired", "it is older than messages of its kind may be")]


def test_a_forged_link_is_nobody(home: Settings) -> None:
    keys = load_keys(home)
    recipient = token_of(keys, "email", ERIKA)
    assert person_of(keys, f"{recipient}.newsletter.{'0' * 32}") is None
    assert person_of(replace(keys, token_key=b"x" * 32), f"{recipient}.newsletter.{'0' * 32}") is None
