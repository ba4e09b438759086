"""Tests of the outbox: a key is stored once, in the order in which messages came."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.messages.outbox import enqueue, find_message, list_messages, message_id_of
from orderhouse.operations.store import Store

from tests.messages.making import NOW, new, put


def test_message_id_is_the_uuid_of_its_key_and_of_nothing_else() -> None:
    known = message_id_of("dispatched", "shipment", "S-1", "", "email")
    assert UUID(known).version == 5
    # Stored ids must stay: another id for the same key would send everything once more.
    assert known == "eaa27653-0eb7-5fa8-8349-aaec4a475ffa"
    assert new(1, payload={"other": 1}, recipient="somebody else").message_id == new(1).message_id
    others = [new(2), new(1, kind="late"), new(1, occasion="2026-04-01"), new(1, endpoint="email"),
              new(1, subject_type="return")]  # fmt: skip
    assert len({new(1).message_id, *(each.message_id for each in others)}) == 6
    assert message_id_of("a", "b", "c", "d", "e") != message_id_of("a", "b", 'c", "d', "", "e")


def test_key_that_is_known_is_stored_once(store: Store) -> None:
    assert put(store, new(1), new(2), new(1)) == [new(1).message_id, new(2).message_id]
    assert put(store, new(2), new(3), now=NOW + timedelta(days=1)) == [new(3).message_id]
    found = list_messages(store)
    assert [(message.number, message.subject_id) for message in found] == [(3, "OH-3"), (2, "OH-2"), (1, "OH-1")]
    assert {message.state for message in found} == {"pending"}
    assert put(store) == []


def test_message_that_ended_stays_as_it_is_when_it_is_stored_again(store: Store) -> None:
    put(store, new(1, state="suppressed", reason="too old"))
    assert put(store, new(1)) == []
    assert find_message(store, new(1).message_id).state == "suppressed"


def test_many_messages_are_stored_at_once(store: Store) -> None:
    many = [new(number) for number in range(12_000)]
    assert len(enqueue(store, many, now=NOW)) == 12_000
    assert enqueue(store, many, now=NOW) == []


def test_messages_are_found_by_state_kind_order_and_beginning_of_the_id(store: Store) -> None:
    put(store, new(1, order_id="OH-1"), new(2, kind="late"), new(3, state="held", reason="no channel"))
    assert [each.subject_id for each in list_messages(store, state="held")] == ["OH-3"]
    assert [each.subject_id for each in list_messages(store, kind="late")] == ["OH-2"]
    assert [each.subject_id for each in list_messages(store, order_id="OH-1")] == ["OH-1"]
    assert [each.subject_id for each in list_messages(store, limit=1, after=1)] == ["OH-2"]
    assert find_message(store, new(1).message_id[:13]).order_id == "OH-1"
    for unknown in ("", "zz", "%"):
        with pytest.raises(OrderhouseError, match="There is no message"):
            find_message(store, unknown)
