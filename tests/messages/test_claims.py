"""Tests of claims: no two workers have the same message, and the order of each recipient is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from orderhouse.messages.claims import LEASE, Claims
from orderhouse.messages.endpoints import switch
from orderhouse.messages.outbox import find_message
from orderhouse.operations.store import Store

from tests.messages.making import NOW, new, put

MINUTE = timedelta(minutes=1)


def taken(store: Store, worker: str, minutes: float = 0, limit: int = 10) -> list[str]:
    """Return the orders whose messages a worker takes."""
    found = Claims(store, worker).take("hook", now=NOW + minutes * MINUTE, limit=limit)
    return [message.subject_id for message in found]


def test_two_workers_never_have_the_same_message(store: Store) -> None:
    put(store, *(new(number, recipient=f"r{number}") for number in range(40)))

    def take_all(worker: str) -> list[str]:
        found: list[str] = []
        while part := taken(store, worker, limit=3):
            found += part
        return found

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(take_all, "abcd"))
    assert sorted(sum(shares, [])) == sorted(f"OH-{number}" for number in range(40))


def test_later_message_of_a_recipient_waits_for_one_that_is_being_sent(store: Store) -> None:
    put(store, new(1, "anna"), new(2, "anna"), new(3, "bob"))
    assert taken(store, "a", limit=1) == ["OH-1"]
    assert taken(store, "b") == ["OH-3"]


def test_later_message_waits_for_the_next_attempt_of_an_earlier_one(store: Store) -> None:
    put(store, new(1, "anna"), new(2, "anna"), new(3, "bob"))
    claims = Claims(store, "a")
    (first,) = claims.take("hook", now=NOW, limit=1)
    claims.retry(first, at=NOW + 5 * MINUTE, error="no")
    assert taken(store, "b", 1) == ["OH-3"]
    assert taken(store, "b", 5) == ["OH-1", "OH-2"]


def test_message_that_failed_for_good_blocks_nobody(store: Store) -> None:
    put(store, new(1, "anna"), new(2, "anna"))
    claims = Claims(store, "a")
    (first,) = claims.take("hook", now=NOW, limit=1)
    claims.failed(first, error="poison")
    assert taken(store, "b") == ["OH-2"]


def test_message_for_later_blocks_nobody_until_then(store: Store) -> None:
    put(store, new(1, "anna", not_before=NOW + 3 * MINUTE), new(2, "anna"))
    assert taken(store, "a", 2) == ["OH-2"]
    assert taken(store, "a", 3) == ["OH-1"]


def test_lease_of_a_killed_worker_ends(store: Store) -> None:
    put(store, new(1), new(2))
    assert taken(store, "killed") == ["OH-1", "OH-2"]
    minutes = LEASE / MINUTE
    assert taken(store, "other", minutes - 0.1) == []
    assert taken(store, "other", minutes) == ["OH-1", "OH-2"]
    assert find_message(store, new(1).message_id).attempts == 2


def test_worker_that_lost_its_lease_changes_nothing(store: Store) -> None:
    put(store, new(1))
    late = Claims(store, "late")
    (message,) = late.take("hook", now=NOW, limit=1)
    assert taken(store, "other", 10) == ["OH-1"]
    assert late.failed(message, error="too late") is False
    late.give_back([message])
    found = find_message(store, message.message_id)
    assert (found.state, found.worker, found.attempts) == ("sending", "other", 2)


def test_what_is_given_back_or_postponed_counts_as_no_attempt(store: Store) -> None:
    put(store, new(1), new(2))
    claims = Claims(store, "a")
    first, second = claims.take("hook", now=NOW, limit=2)
    claims.postponed(first, until=NOW + 30 * MINUTE)
    claims.give_back([second])
    assert taken(store, "b", 1) == ["OH-2"]
    found = find_message(store, first.message_id)
    assert (found.state, found.attempts) == ("pending", 0)


def test_only_the_own_endpoint_is_served(store: Store) -> None:
    put(store, new(1), new(2, endpoint="other"))
    assert taken(store, "a") == ["OH-1"]


def test_processes_that_switch_a_channel_on_at_once_do_it_once(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: switch(store, {"hook"}, now=NOW + number * MINUTE), range(16)))
    assert len({states["hook"].switched_on_at for states in found}) == 1
