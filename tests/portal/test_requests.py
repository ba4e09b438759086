"""Tests of what customers ask for: who may, what, once, and shown at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.portal.asked import Request, requests_of
from orderhouse.portal.asking import FormError, May, Returnable, may_ask, records_of, request_id_of
from orderhouse.portal.proof import Proofs
from orderhouse.settings import Settings
from orderhouse.vault.keys import load_keys
from starlette.testclient import TestClient

from tests.portal.conftest import portal
from tests.portal.published_home import EMAIL, publish

ORIGIN = {"Origin": "http://127.0.0.1:8760"}
NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)


@pytest.fixture
def visitor(own: Settings) -> Iterator[TestClient]:
    """Return a client of a portal whose home belongs to the test."""
    with portal(own) as client:
        yield client


def token_of_form(client: TestClient, tracking_id: str, kind: str) -> str:
    page = client.get(f"/track/{tracking_id}/{kind}")
    assert page.status_code == 200
    found = re.search(r'name="token" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def send(client: TestClient, tracking_id: str, kind: str, fields: dict[str, str], **headers: str) -> Any:
    """Send a form as a browser does after it was shown."""
    fields = {"token": fields.get("token") or token_of_form(client, tracking_id, kind), **fields}
    return client.post(f"/track/{tracking_id}/{kind}", data=fields, headers={**ORIGIN, **headers})


def landed(settings: Settings) -> list[dict[str, Any]]:
    found = sorted(settings.actions.glob("*.ndjson")) if settings.actions.exists() else []
    return [json.loads(line) for path in found for line in path.read_text().splitlines()]


@pytest.mark.parametrize("proof", ["01310-100", "01310100", " 01310 100", EMAIL, EMAIL.upper(), f" {EMAIL} "])
def test_a_cancellation_with_either_proof_lands_and_shows_at_once(
    own: Settings, visitor: TestClient, proof: str
) -> None:
    answer = send(visitor, "OPENORDER123", "cancel", {"proof": proof, "reason": "Ordered\ntwice"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/track/OPENORDER123?lang=pt")
    (record,) = landed(own)
    assert record["kind"] == "request_cancel" and record["order_id"] == "OPEN"
    assert (record["actor"], record["role"], record["reason"]) == ("customer", "customer", "Ordered twice")
    (shown,) = visitor.get("/v1/track/OPENORDER123").json()["requests"]
    assert shown["status"] == "awaiting_approval"
    assert "asked for, awaiting approval" in visitor.get("/track/OPENORDER123?lang=en").text
    assert visitor.get("/v1/track/OPENORDER123").json()["may_ask"] == {"cancel": False, "change": False, "return": []}


@pytest.mark.parametrize("proof", ["", "01310-10", "10115", "someone@example.com", "0" * 5000, "\x00", "é"])
def test_a_wrong_proof_lands_nothing(own: Settings, visitor: TestClient, proof: str) -> None:
    answer = send(visitor, "OPENORDER123", "cancel", {"proof": proof})
    assert answer.status_code == 403 and "O pedido" not in answer.text
    assert landed(own) == []


def test_an_order_without_tokens_offers_no_request(tmp_path: Path) -> None:
    extra = "update ops.orders set customer_token = null, ship_postcode = null"
    with portal(publish(tmp_path, extra=extra)) as client:
        assert client.get("/v1/track/OPENORDER123").json()["may_ask"]["cancel"] is False
        assert 'name="proof"' not in client.get("/track/OPENORDER123/cancel").text


def test_guessing_of_proofs_ends_after_some_attempts(own: Settings, visitor: TestClient) -> None:
    token = token_of_form(visitor, "OPENORDER123", "cancel")
    statuses = [
        send(visitor, "OPENORDER123", "cancel", {"proof": f"{number:05}", "token": token}).status_code
        for number in range(10)
    ]
    assert statuses == [403] * 8 + [429] * 2
    right = send(visitor, "OPENORDER123", "cancel", {"proof": EMAIL, "token": token})
    assert right.status_code == 429 and int(right.headers["retry-after"]) > 0
    assert landed(own) == []


def test_a_form_that_is_sent_twice_is_one_request(own: Settings, visitor: TestClient) -> None:
    token = token_of_form(visitor, "DELIVERED123", "return")
    fields = {"proof": "110001", "quantity-1": "1", "reason": "damaged", "token": token}
    answers = [send(visitor, "DELIVERED123", "return", fields).status_code for _ in range(3)]
    assert answers == [303, 303, 303]
    assert len(landed(own)) == 1


def test_a_return_takes_what_was_delivered_and_not_asked_for_before(own: Settings, visitor: TestClient) -> None:
    def returnable() -> dict[str, int]:
        may = visitor.get("/v1/track/DELIVERED123").json()["may_ask"]["return"]
        return {each["line"]: each["at_most"] for each in may}

    # One of three kettles came back before; a gift card is not returned.
    assert returnable() == {"1": 2, "2": 1}
    too_many = send(visitor, "DELIVERED123", "return", {"proof": "110001", "quantity-1": "3", "reason": "damaged"})
    assert too_many.status_code == 422 and landed(own) == []
    fields = {"proof": "110001", "quantity-1": "1", "quantity-2": "1", "reason": "damaged", "comment": "lid"}
    assert send(visitor, "DELIVERED123", "return", fields).status_code == 303
    records = landed(own)
    assert [(each["line_id"], each["quantity"], each["reason"]) for each in records] == [
        ("1", 1, "damaged: lid"), ("2", 1, "damaged: lid")
    ]  # fmt: skip
    assert len({each["action_id"] for each in records}) == 2
    assert returnable() == {"1": 1}
    assert (
        send(visitor, "DELIVERED123", "return", {"proof": "110001", "quantity-1": "1", "reason": "other"}).status_code
        == 303
    )
    assert returnable() == {}


def test_returns_end_with_the_days_of_the_category(own: Settings) -> None:
    # Delivered on 24 March at 09:00, seven days before the clock of the version.
    def lines(days: int, **by_category: int) -> list[str]:
        options = {"portal_return_days": days, "portal_return_days_by_category": by_category}
        with portal(own, **options) as client:
            return [each["line"] for each in client.get("/v1/track/DELIVERED123").json()["may_ask"]["return"]]

    assert lines(30, grocery=0) == ["1"]
    assert lines(8) == ["1", "2"]
    assert lines(7) == []
    assert lines(7, home=8) == ["1"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"ship_street": "Rua A 1"}, 422),
        ({"day": "2026-03-31"}, 422),
        ({"day": "tomorrow"}, 422),
        ({"day": "2026-06-30"}, 422),
        ({"day": "2026-04-02"}, 303),
        ({"ship_street": "Rua A 1", "ship_postcode": "01310-200", "ship_city": "São Paulo"}, 303),
    ],
)
def test_a_change_needs_a_whole_address_or_a_day_that_comes(
    own: Settings, visitor: TestClient, fields: dict[str, str], status: int
) -> None:
    assert send(visitor, "OPENORDER123", "change", {"proof": EMAIL, **fields}).status_code == status
    assert len(landed(own)) == (status == 303)
    if "ship_city" in fields and status == 303:
        assert json.loads(landed(own)[0]["payload"])["ship_city"] == "São Paulo"
        assert "São Paulo" not in visitor.get("/track/OPENORDER123").text


@pytest.mark.parametrize(
    ("tracking_id", "kind"),
    [("PARTSHIPPED1", "cancel"), ("CANCELLED123", "change"), ("OPENORDER123", "return"), ("DELIVERED123", "cancel")],
)
def test_what_is_not_possible_is_not_offered_and_not_taken(
    own: Settings, visitor: TestClient, tracking_id: str, kind: str
) -> None:
    assert 'name="proof"' not in visitor.get(f"/track/{tracking_id}/{kind}").text
    assert f"/track/{tracking_id}/{kind}?" not in visitor.get(f"/track/{tracking_id}").text
    # A token of another form does not fit either.
    token = token_of_form(visitor, "OPENORDER123", "change")
    answer = send(visitor, tracking_id, kind, {"proof": EMAIL, "token": token})
    assert answer.status_code == 403 and landed(own) == []


@pytest.mark.parametrize(
    "origin", ["http://attacker.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8760.x"]
)
def test_forms_of_other_sites_are_refused(own: Settings, visitor: TestClient, origin: str) -> None:
    token = token_of_form(visitor, "OPENORDER123", "cancel")
    answer = send(visitor, "OPENORDER123", "cancel", {"proof": EMAIL, "token": token}, Origin=origin)
    assert answer.status_code == 403 and landed(own) == []


def test_a_form_without_origin_of_another_site_is_refused(own: Settings, visitor: TestClient) -> None:
    fields = {"proof": EMAIL, "token": token_of_form(visitor, "OPENORDER123", "cancel")}
    sites = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post("/track/OPENORDER123/cancel", data=fields, headers=sites).status_code == 403
    assert landed(own) == []


@pytest.mark.parametrize("token", ["", "1.2", "9999999999.x.y", "a.b.c", "." * 50, "1767225600.aaaa.bbbb"])
def test_a_token_that_is_not_ours_is_refused(own: Settings, visitor: TestClient, token: str) -> None:
    answer = visitor.post("/track/OPENORDER123/cancel", data={"proof": EMAIL, "token": token}, headers=ORIGIN)
    assert answer.status_code == 403 and landed(own) == []


def test_a_form_expires(own: Settings) -> None:
    clock = [1_000_000.0]
    proofs = Proofs(load_keys(own), lambda: clock[0])
    token = proofs.form_token("OPENORDER123", "cancel", "seen")
    for later, expected in ((0, "seen"), (12 * 3600, "seen"), (12 * 3600 + 1, None), (-1, None)):
        clock[0] = 1_000_000.0 + later
        assert proofs.seen_in(token, "OPENORDER123", "cancel") == expected
    clock[0] = 1_000_000.0
    assert proofs.seen_in(token, "OPENORDER124", "cancel") is None
    assert proofs.seen_in(token.replace("seen", "sean"), "OPENORDER123", "cancel") is None


def test_a_form_of_a_former_state_with_another_content_is_not_taken(own: Settings, visitor: TestClient) -> None:
    token = token_of_form(visitor, "DELIVERED123", "return")
    base = {"proof": "110001", "reason": "damaged", "token": token}
    assert send(visitor, "DELIVERED123", "return", {**base, "quantity-1": "1"}).status_code == 303
    other = send(visitor, "DELIVERED123", "return", {**base, "quantity-2": "1"})
    assert other.status_code == 409 and len(landed(own)) == 1


def test_a_request_that_cannot_be_stored_is_not_confirmed(own: Settings, visitor: TestClient) -> None:
    token = token_of_form(visitor, "OPENORDER123", "cancel")
    with patch("orderhouse.actions.landing.os.fsync", side_effect=OSError(28, "No space left on device")):
        answer = send(visitor, "OPENORDER123", "cancel", {"proof": EMAIL, "token": token})
    assert answer.status_code == 503 and landed(own) == []
    assert {path.name for path in own.actions.iterdir()} <= {"landing.lock"}
    assert send(visitor, "OPENORDER123", "cancel", {"proof": EMAIL, "token": token}).status_code == 303


def test_other_files_of_the_folder_do_no_harm(own: Settings, visitor: TestClient) -> None:
    own.actions.mkdir()
    for number, text in enumerate(
        ("", "[]", "{", '{"kind": "hold"}', '{"kind": "request_cancel", "actor": "customer"}', "\x00")
    ):
        (own.actions / f"actions-{number}.ndjson").write_text(text)
    forged = {
        "kind": "request_cancel",
        "actor": "yuki",
        "order_id": "OPEN",
        "action_id": "a",
        "occurred_at": "2026-03-01",
    }
    (own.actions / "actions-of-an-operator.ndjson").write_text(json.dumps(forged))
    assert visitor.get("/v1/track/OPENORDER123").json()["requests"] == []


def test_a_return_takes_the_decision_of_the_merchant(own: Settings) -> None:
    asked = (
        "insert into ops.actions by name select 'a' as action_id, 'DONE' as order_id, 'request_return' as kind, "
        "'customer' as actor, '1' as line_id, 1 as quantity, timestamp '2026-03-30 08:00:00' as occurred_at"
    )

    def outcome(number: int, kind: str, line: str, at: str, is_accepted: bool) -> list[str]:
        decided = (
            f"insert into ops.actions by name select 'b' as action_id, 'DONE' as order_id, '{kind}' as kind, "
            f"'yuki' as actor, {line} as line_id, {is_accepted} as is_accepted, timestamp '2026-03-{at}' as occurred_at"
        )
        publish(own.home, number, extra=f"{asked}; {decided}")
        with portal(own) as client:
            return [each["status"] for each in client.get("/v1/track/DELIVERED123").json()["requests"]]

    assert outcome(2, "approve_return", "null", "31 08:00:00", True) == ["approved"]
    assert outcome(3, "decline_return", "'1'", "31 08:00:00", True) == ["declined"]
    assert outcome(4, "decline_return", "'2'", "31 08:00:00", True) == ["awaiting_approval"]
    assert outcome(5, "decline_return", "null", "31 08:00:00", False) == ["awaiting_approval"]
    assert outcome(6, "approve_return", "null", "29 08:00:00", True) == ["awaiting_approval"]


def test_a_published_request_is_not_shown_twice_and_has_its_outcome(own: Settings, visitor: TestClient) -> None:
    send(visitor, "OPENORDER123", "cancel", {"proof": EMAIL})
    (record,) = landed(own)
    columns = "select '{action_id}' as action_id, 'OPEN' as order_id, '{kind}' as kind, 'customer' as actor".format(
        **record
    )
    at = "timestamp '2026-03-31 09:00:00' as occurred_at"

    def outcome(statement: str, number: int) -> list[str]:
        publish(own.home, number, extra=f"insert into ops.actions by name {columns}, {at}; {statement}")
        with portal(own) as client:
            return [each["status"] for each in client.get("/v1/track/OPENORDER123").json()["requests"]]

    assert outcome("select 1", 2) == ["awaiting_approval"]
    assert outcome("update ops.actions set is_accepted = false", 3) == ["rejected"]
    assert outcome("update ops.orders set order_status = 'cancelled' where order_id = 'OPEN'", 4) == ["approved"]
    assert outcome("update ops.orders set shipped_quantity = 1 where order_id = 'OPEN'", 5) == ["declined"]
    decline = "insert into ops.actions by name select 'd' as action_id, 'OPEN' as order_id, 'decline' as kind"
    assert outcome(f"{decline}, timestamp '2026-03-31 10:00:00' as occurred_at", 6) == ["declined"]
    assert outcome(f"{decline}, timestamp '2026-03-31 08:00:00' as occurred_at", 7) == ["awaiting_approval"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("approve", "approved"), ("change_promise", "approved"), ("change_address", "approved"),
        ("decline", "declined"), ("approve_return", "awaiting_approval"), ("hold", "awaiting_approval"),
    ],
)  # fmt: skip
def test_a_change_takes_the_decision_of_the_merchant(kind: str, expected: str) -> None:
    asked = {"kind": "request_change", "line": None, "quantity": None, "is_accepted": True, "by_customer": True}
    document = {
        "order_id": "O", "order_status": "confirmed", "shipped": 0, "returns": [],
        "requests": [
            {**asked, "action_id": "a", "at": "2026-03-02T00:00:00Z"},
            {**asked, "action_id": "b", "at": "2026-03-03T00:00:00Z", "kind": kind, "by_customer": False},
        ],
    }  # fmt: skip
    assert [each.status for each in requests_of(document, [])] == [expected]
    sent = {**document, "shipped": 1, "requests": document["requests"][:1]}
    assert [each.status for each in requests_of(sent, [])] == ["declined"]


lines = st.fixed_dictionaries(
    {
        "delivered": st.integers(0, 9),
        "returned": st.integers(0, 9),
        "asked": st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=3),
        "landed": st.lists(st.integers(1, 9), max_size=3),
        "published": st.lists(st.integers(1, 9), max_size=3),
        "hours": st.integers(0, 1000),
    }
)


@given(lines)
def test_never_more_than_delivered_may_be_asked_for(line: dict[str, Any]) -> None:
    document = {
        "order_id": "O", "order_status": "closed", "open": 0, "shipped": 9, "parcels": [],
        "lines": [{
            "line": "1", "name": "x", "category": None, "is_returnable": True, "delivered": line["delivered"],
            "returned": line["returned"], "delivered_at": "2026-03-01T00:00:00Z",
        }],
        "returns": [
            {"line": "1", "asked": asked, "is_cancelled": gone, "status": "requested", "last_event_at": None}
            for asked, gone in line["asked"]
        ],
        "requests": [
            {"action_id": f"p{number}", "kind": "request_return", "line": "1", "quantity": units, "is_accepted": True,
             "at": "2026-03-02T00:00:00Z", "by_customer": True}
            for number, units in enumerate(line["published"])
        ],
    }  # fmt: skip
    waiting = [
        Request(f"l{number}", "O", "request_return", "2026-03-03T00:00:00Z", "1", units)
        for number, units in enumerate(line["landed"])
    ]
    now = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=line["hours"])
    may = may_ask(document, requests_of(document, waiting), now=now, days=30, days_by_category={})
    asked = max(sum(units for units, gone in line["asked"] if not gone), sum(line["published"]), line["returned"])
    left = line["delivered"] - asked - sum(line["landed"])
    expected = [left] if left > 0 and line["hours"] <= 720 else []
    assert [each.at_most for each in may.returns] == expected


@given(st.dictionaries(st.sampled_from(["quantity-1", "reason", "comment", "day", "ship_city"]), st.text()))
def test_any_form_is_a_request_within_the_limits_or_a_sentence(form: dict[str, str]) -> None:
    may = May(True, True, [Returnable("1", "x", 2, NOW)])
    for kind in ("cancel", "change", "return"):
        try:
            request_id = request_id_of(kind, form, order_id="O", seen="s")
            day = date(2026, 3, 31)
            records = records_of(kind, form, may, order_id="O", request_id=request_id, now=NOW, today=day)
        except FormError as wrong:
            assert wrong.word.startswith("error_")
            continue
        for record in records:
            assert record.get("quantity", 1) in (1, 2)
            assert len(record.get("reason", "")) < 300 and json.loads(json.dumps(record)) == record
            assert all(mark.isprintable() for mark in record.get("reason", ""))
