"""Test of runs of the rules that are killed. The campaign in `tests/campaigns/rules.py` does more of it."""

from __future__ import annotations

from tests.campaigns.rules import one_unit, wrong


def test_killed_runs_lose_nothing_and_do_nothing_twice() -> None:
    unit = one_unit(1, kills=12)
    assert unit["problems"] == []
    assert unit["kills"] >= 3, "fewer moments fall into the work where all is done sooner"


def test_lost_doubled_and_unfinished_effects_would_be_found() -> None:
    wanted = {"a": "r"}
    actions = [("a", "hold", "r"), ("a", "note", "r")]
    done = [("a", "r", "done", ("landed", "held", "landed"))]
    assert wrong(wanted, actions, [("a", "r")], done) == []
    assert wrong(wanted, actions[:1], [("a", "r")], done) == ["action ('a', 'note', 'r') is lost"]
    assert wrong(wanted, [*actions, actions[0]], [("a", "r")], done) == ["action ('a', 'hold', 'r') is too many"]
    assert wrong(wanted, actions, [], done) == ["message ('a', 'r') is lost"]
    assert wrong(wanted, actions, [("a", "r")] * 2, done) == ["message ('a', 'r') is too many"]
    unfinished = [("a", "r", "open", ("landed",))]
    assert [each.split(" ")[0] for each in wrong(wanted, actions, [("a", "r")], unfinished)] == ["firing"] * 2
