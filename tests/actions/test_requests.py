"""Requests that no state could make possible."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from orderhouse.actions.requests import MOST_SUBJECTS, Request, Subject, new_request_id
from orderhouse.errors import OrderhouseError

NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)
ORDER = (Subject(order_id="o"),)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"request_id": "../../etc"}, "no id of 32"),
        ({"subjects": ()}, "Nothing is chosen"),
        ({"subjects": tuple(Subject(order_id=str(n)) for n in range(MOST_SUBJECTS + 1))}, "10,000 at most"),
        ({"subjects": (Subject("o", seen="a"), Subject("o", seen="b"))}, "chosen twice"),
        (
            {"kind": "cancel", "subjects": tuple(Subject(str(n)) for n in range(21))},
            "customers of 21 orders would be told",
        ),
        ({"quantity": 0}, "at least one unit"),
        ({"kind": "note"}, "note is empty"),
        ({"reason": "x" * 2_001}, "2,001 characters"),
        ({"warehouse_id": "east\nwest"}, "no line break"),
        ({"promised_at": "soon"}, "no day and no instant"),
        ({"promised_at": "2026-04-01T10:00"}, "no offset"),
        ({"promised_at": "2026-03-30"}, "has passed"),
        ({"promised_at": "2026-03-31T11:59+02:00"}, "has passed"),
    ],
)
def test_request_without_meaning_is_refused_with_a_sentence(given: dict[str, object], sentence: str) -> None:
    request = Request(**{"request_id": new_request_id(), "kind": "hold", "subjects": ORDER, **given})  # type: ignore[arg-type]
    with pytest.raises(OrderhouseError, match=sentence):
        request.check(NOW)


def test_record_says_that_nobody_is_told_where_a_message_would_follow() -> None:
    def said(kind: str, tells: bool | None, subjects: int = 1) -> object:
        some = tuple(Subject(str(number)) for number in range(subjects))
        request = Request(new_request_id(), kind, some, tells_customer=tells)
        request.check(NOW)
        return request.record(some[0], "tom", "operator", NOW).get("tells_customer", "unsaid")

    assert said("cancel", tells=False) is False and said("cancel_line", tells=False, subjects=21) is False
    assert said("cancel", tells=None, subjects=20) == said("cancel", tells=True, subjects=21) == "unsaid"
    assert said("hold", tells=False) == "unsaid" and said("hold", tells=None, subjects=21) == "unsaid"


@pytest.mark.parametrize("promise", ["2026-03-31", "2026-03-31T12:01+02:00", "2026-04-01"])
def test_promise_of_today_or_later_is_taken(promise: str) -> None:
    Request(new_request_id(), "change_promise", ORDER, promised_at=promise).check(NOW)


def test_action_id_depends_on_request_and_subject_only() -> None:
    one, other = Request("a" * 32, "hold", ORDER), Request("b" * 32, "hold", ORDER)
    assert one.action_id(ORDER[0]) == one.action_id(Subject(order_id="o", seen="later"))
    ids = {one.action_id(ORDER[0]), other.action_id(ORDER[0]), one.action_id(Subject(exception_id="o"))}
    ids |= {one.action_id(Subject("o", "1")), one.action_id(Subject("o1"))}
    assert len(ids) == 5


def test_record_has_the_columns_of_the_feed_and_nothing_empty() -> None:
    request = Request("a" * 32, "snooze", (Subject(exception_id="e"),), snoozed_until=date(2026, 4, 1), quantity=3)
    assert request.record(request.subjects[0], "mia", "agent", NOW) == {
        "action_id": request.action_id(request.subjects[0]),
        "subject_kind": "exception",
        "subject_id": "e",
        "kind": "snooze",
        "occurred_at": "2026-03-31T10:00:00.000000+00:00",
        "actor": "mia",
        "role": "agent",
        "snoozed_until": "2026-04-01",
    }


@pytest.mark.parametrize(
    "text",
    [
        "2027-W14-2", "20270331", "20270331T180000+0200", "2027-03-31T18:00:00.5+02:00", "2027-03-31 18:00Z",
        "2027-03-31T18:00:60Z", "2027-02-30", "2027-03-31T18:00+02:00:30", "2027-03-31T18+02:00",
        "9999-12-31T23:59-01:00",
        " 2027-03-31 ", "2027-03-31T18:00,5+02:00", "2027-3-31",
    ],
)  # fmt: skip
def test_a_promise_is_taken_if_and_only_if_the_contract_takes_it(text: str) -> None:
    from tests.contracts.one_value import parsed

    value, broken = parsed("actions", "promised_at", text)
    request = Request(new_request_id(), "change_promise", ORDER, promised_at=text)
    if broken:
        with pytest.raises(OrderhouseError, match="no day and no instant|no offset"):
            request.check(NOW)
    else:
        assert value is not None
        request.check(NOW)


@pytest.mark.parametrize(
    "changed", [{"reason": "half \udcff"}, {"warehouse_id": "\udcff"}, {"subjects": (Subject("\ud800"),)}]
)
def test_half_a_character_is_refused(changed: dict[str, Any]) -> None:
    request = Request(**{"request_id": new_request_id(), "kind": "hold", "subjects": ORDER, **changed})
    with pytest.raises(OrderhouseError, match="not UTF-8"):
        request.check(NOW)


def test_routes_of_one_line_to_several_warehouses_are_several_actions_with_their_own_units() -> None:
    subjects = (
        Subject("o", "1", warehouse_id="berlin", quantity=2),
        Subject("o", "1", warehouse_id="lyon", quantity=1),
    )
    request = Request("a" * 32, "route", subjects, warehouse_id="other", quantity=9)
    request.check(NOW)
    records = [request.record(each, "mia", "operator", NOW) for each in subjects]
    assert [(each["warehouse_id"], each["quantity"]) for each in records] == [("berlin", 2), ("lyon", 1)]
    assert len({each["action_id"] for each in records}) == 2
    assert subjects[0].name == "order o, line 1 from berlin"


def test_subject_without_warehouse_and_units_takes_those_of_the_request() -> None:
    subject = Subject("o", "1")
    request = Request("a" * 32, "route", (subject,), warehouse_id="berlin", quantity=2)
    assert (request.record(subject, "mia", "operator", NOW)["warehouse_id"], request.quantity_of(subject)) == (
        "berlin",
        2,
    )
    # Requests of earlier releases are repeated with the ids that they had.
    assert request.action_id(subject) == "f7bd88fa-38c1-558a-93a3-3004fd4f7378"


@pytest.mark.parametrize(
    ("kind", "subject", "sentence"),
    [
        ("route", Subject("o", "1", warehouse_id="berlin", quantity=0), "at least one unit"),
        ("route", Subject("o", "1", warehouse_id="a\nb", quantity=1), "no line break"),
        ("route", Subject("o", "1", warehouse_id="half \udcff", quantity=1), "not UTF-8"),
        ("route", Subject("o", "1", warehouse_id="berlin"), "names its warehouse and its units"),
        ("route", Subject("o", "1", quantity=1), "names its warehouse and its units"),
        ("hold", Subject("o", "1", warehouse_id="berlin", quantity=1), "names its warehouse and its units"),
    ],
)
def test_acceptance_without_sense_is_refused(kind: str, subject: Subject, sentence: str) -> None:
    with pytest.raises(OrderhouseError, match=sentence):
        Request(new_request_id(), kind, (subject,), accepts_proposals=True).check(NOW)
