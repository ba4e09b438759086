"""Test of workers that are killed while they deliver. The campaign in `tests/campaigns/messages.py` does more of it."""

from __future__ import annotations

from tests.campaigns.messages import one_unit, wrong


def test_killed_workers_lose_nothing_and_repeat_only_under_the_same_id() -> None:
    unit = one_unit(1, kills=12)
    assert unit["problems"] == []
    assert unit["kills"] == 12


def test_lost_unknown_and_disordered_messages_would_be_found() -> None:
    wanted = {"a": ("anna", 1), "b": ("anna", 2), "c": ("bob", 3)}
    assert wrong(["a", "a", "b", "c"], wanted) == []
    assert wrong(["a", "c"], wanted) == ["message 2 is lost"]
    assert wrong(["a", "b", "c", "d"], wanted) == ["d is no message"]
    assert wrong(["b", "a", "c"], wanted) == ["anna got [2, 1]"]
    assert wrong(["a", "b", "a", "c"], wanted) == ["anna got [1, 2, 1]"]
