"""Runs of the rules: what fires, how often, and what it does."""

from __future__ import annotations

import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from orderhouse.access.roles import BUILT_IN
from orderhouse.actions.landing import landed_names
from orderhouse.actions.pending import pending_actions
from orderhouse.errors import OrderhouseError
from orderhouse.messages.outbox import list_messages
from orderhouse.messages.releases import release
from orderhouse.operations.store import open_store
from orderhouse.rules import running, steps
from orderhouse.rules.approvals import decide, waiting_approvals
from orderhouse.rules.contradictions import contradictions
from orderhouse.rules.firings import list_firings
from orderhouse.rules.matching import Match
from orderhouse.rules.running import preview_rules, run_rules
from orderhouse.rules.stops import allow, stops
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.rules.conftest import WriteRules

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
HOLD = """
hold_some:
  on: orders
  when: {field: order_id, in: [%s]}
  then:
    - action: {kind: hold}
    - notify: {role: operator, text: "Order {order_id} of {due_amount} is on hold"}
"""


def query(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Return rows of the published version."""
    with contextlib.closing(open_reader(settings)) as published:
        return published.execute(sql).fetchall()


def some_orders(settings: Settings, count: int) -> list[str]:
    """Return orders that can be put on hold."""
    sql = f"select order_id from ops.orders where stage = 'ready_to_ship' order by order_id limit {count}"
    found = [order_id for (order_id,) in query(settings, sql)]
    assert len(found) == count
    return found


def landed(settings: Settings) -> list[dict[str, Any]]:
    """Return the records of all landed actions."""
    texts = [(settings.actions / name).read_text(encoding="utf-8") for name in landed_names(settings)]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_rule_acts_and_tells_once_however_often_it_runs(settings: Settings, write_rules: WriteRules) -> None:
    chosen = some_orders(settings, 3)
    write_rules(HOLD % ", ".join(chosen))
    assert run_rules(settings, now=NOW).fired == {"hold_some": 3}
    records = landed(settings)
    assert sorted((each["order_id"], each["kind"], each["actor"], each["role"]) for each in records) == [
        (order_id, "hold", "rule hold_some", "operator") for order_id in chosen
    ]
    for later in range(1, 3):
        assert run_rules(settings, now=NOW + timedelta(days=later)).fired == {}
    assert landed(settings) == records
    messages = list_messages(open_store(settings))
    assert sorted(message.order_id or "" for message in messages) == chosen
    ((due,),) = query(settings, f"select due_amount from ops.orders where order_id = '{chosen[0]}'")
    (text,) = [message.payload["text"] for message in messages if message.order_id == chosen[0]]
    assert text == f"Order {chosen[0]} of {due:.2f} is on hold"
    assert {(message.state, message.endpoint, message.audience) for message in messages} == {
        ("held", "operator", "team")
    }


def test_action_that_a_state_refuses_is_told_and_the_other_steps_go_on(
    settings: Settings, write_rules: WriteRules
) -> None:
    ((closed,),) = query(settings, "select min(order_id) from ops.orders where stage = 'cancelled'")
    write_rules(HOLD % closed)
    run_rules(settings, now=NOW)
    (firing,) = list_firings(open_store(settings))
    assert firing.state == "done"
    assert [outcome["outcome"] for outcome in firing.outcomes] == ["refused", "held"]
    assert "cancelled" in firing.outcomes[0]["why"]
    assert landed(settings) == []


@pytest.mark.parametrize("step", [0, 1, 2])
def test_killed_run_is_finished_by_the_next_and_nothing_is_done_twice(
    settings: Settings, write_rules: WriteRules, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The kill is after the firings are stored, or after a step was taken and before that is stored."""
    chosen = some_orders(settings, 3)
    write_rules(HOLD % ", ".join(chosen))
    calls = iter(range(10))
    move_on = steps.move_on

    def killed(*arguments: Any) -> None:
        if next(calls) == step:
            raise KeyboardInterrupt
        move_on(*arguments)

    monkeypatch.setattr(steps, "move_on", killed)
    with pytest.raises(KeyboardInterrupt):
        run_rules(settings, now=NOW)
    monkeypatch.undo()
    assert run_rules(settings, now=NOW + timedelta(hours=1)).fired == {}
    assert sorted(each["order_id"] for each in landed(settings)) == chosen
    firings = list_firings(open_store(settings))
    assert {firing.state for firing in firings} == {"done"}
    assert {tuple(outcome["outcome"] for outcome in firing.outcomes) for firing in firings} == {("landed", "held")}
    assert len(list_messages(open_store(settings))) == 3


def test_run_that_is_killed_before_its_firings_are_stored_leaves_nothing(
    settings: Settings, write_rules: WriteRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rules(HOLD % ", ".join(some_orders(settings, 2)))

    def killed(*arguments: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "store_firings", killed)
    with pytest.raises(KeyboardInterrupt):
        run_rules(settings, now=NOW)
    monkeypatch.undo()
    assert landed(settings) == []
    assert run_rules(settings, now=NOW).fired == {"hold_some": 2}


def test_rule_that_would_fire_above_its_limit_stops_and_asks(settings: Settings, write_rules: WriteRules) -> None:
    rule = HOLD % ", ".join(some_orders(settings, 3)) + "  limit_per_run: 2\n"
    write_rules(rule)
    for _ in range(2):
        result = run_rules(settings, now=NOW)
        assert (result.fired, result.asking) == ({}, {"hold_some": 3})
    assert landed(settings) == []
    (stop,) = stops(settings)
    assert (stop.rule, stop.firings_count, stop.allowed_count) == ("hold_some", 3, None)
    allow(settings, "hold_some", actor="mia", role="operator")
    assert run_rules(settings, now=NOW).fired == {"hold_some": 3}
    assert stops(settings) == []


def test_allowance_is_for_one_version_of_the_rule(settings: Settings, write_rules: WriteRules) -> None:
    chosen = some_orders(settings, 3)
    write_rules(HOLD % ", ".join(chosen) + "  limit_per_run: 1\n")
    run_rules(settings, now=NOW)
    allow(settings, "hold_some", actor="mia", role="operator")
    write_rules(HOLD % ", ".join(chosen) + "  limit_per_run: 2\n")
    assert run_rules(settings, now=NOW).asking == {"hold_some": 3}


def test_rule_fires_again_by_day_or_state_only_as_it_says(settings: Settings, write_rules: WriteRules) -> None:
    notice = "on: orders\n  when: {field: stage, eq: late}\n  then: [{notify: {role: agent, text: x}}]\n  once_per:"
    write_rules(f"daily:\n  {notice} subject and day\nby_state:\n  {notice} subject and state\n")
    first = run_rules(settings, now=NOW)
    assert first.fired["daily"] == first.fired["by_state"] > 0
    assert run_rules(settings, now=NOW).fired == {}
    occasions = {firing.rule: firing.occasion for firing in list_firings(open_store(settings), limit=1000)}
    ((day,),) = query(settings, "select business_date::varchar from marts.as_of")
    assert occasions["daily"] == day
    assert occasions["by_state"].count("\x1f") == 4


def test_rule_that_acts_does_not_fire_again_by_its_own_effect(settings: Settings, write_rules: WriteRules) -> None:
    """A hold is a new state of the order; while the order meets the condition, the rule has fired for it."""
    (order_id,) = some_orders(settings, 1)
    (rule,) = write_rules(HOLD % order_id + "  once_per: subject and state\n")
    run_rules(settings, now=NOW)
    (preview,) = preview_rules(settings, [rule])
    moved = preview.match.rows.with_columns(_state=pl.lit("held"), _occasion=pl.lit("held"))
    again = Match(rule, moved)
    assert running._new(open_store(settings), again).height == 0


def test_quiet_hours_are_those_of_the_business_zone(settings: Settings, write_rules: WriteRules) -> None:
    write_rules(HOLD % some_orders(settings, 1)[0] + "  quiet_hours: 21:00-08:00\n")
    ((zone,),) = query(settings, "select business_time_zone from marts.as_of")
    local = datetime(2026, 11, 30, 23, 0, tzinfo=ZoneInfo(zone))
    assert run_rules(settings, now=local).quiet == ["hold_some"]
    assert run_rules(settings, now=local.replace(hour=7, minute=59)).quiet == ["hold_some"]
    assert run_rules(settings, now=local.replace(hour=8)).fired == {"hold_some": 1}


APPROVED = """
credit:
  on: orders
  when: {field: order_id, in: [%s]}
  then:
    - approve: {role: finance%s}
    - action: {kind: tag, as: agent, text: credit}
"""


def test_steps_after_an_approval_wait_for_a_person_of_the_role(settings: Settings, write_rules: WriteRules) -> None:
    yes, no = some_orders(settings, 2)
    write_rules(APPROVED % (f"{yes}, {no}", ""))
    assert run_rules(settings, now=NOW).waiting == 2
    assert landed(settings) == []
    waiting = {each.firing.order_id: each for each in waiting_approvals(settings)}
    assert waiting_approvals(settings, role=BUILT_IN["operator"]) == []
    with pytest.raises(OrderhouseError, match="The role finance decides this, and yours is operator"):
        decide(settings, waiting[yes].approval_id, actor="mia", role=BUILT_IN["operator"], approves=True)
    decide(settings, waiting[yes].approval_id, actor="finn", role=BUILT_IN["finance"], approves=True)
    decide(settings, waiting[no].approval_id, actor="finn", role=BUILT_IN["finance"], approves=False, reason="no")
    with pytest.raises(OrderhouseError, match="does not wait for a decision any more"):
        decide(settings, waiting[yes].approval_id, actor="finn", role=BUILT_IN["finance"], approves=False)
    run_rules(settings, now=NOW + timedelta(hours=1))
    assert [each["order_id"] for each in landed(settings)] == [yes]
    assert {each.order_id: each.state for each in list_firings(open_store(settings))} == {yes: "done", no: "declined"}


def test_each_firing_acts_once_it_is_approved_however_late(settings: Settings, write_rules: WriteRules) -> None:
    early, late = some_orders(settings, 2)
    write_rules(APPROVED % (f"{early}, {late}", ""))
    run_rules(settings, now=NOW)
    waiting = {each.firing.order_id: each.approval_id for each in waiting_approvals(settings)}
    for hours, order_id in enumerate((early, late)):
        decide(settings, waiting[order_id], actor="finn", role=BUILT_IN["finance"], approves=True)
        run_rules(settings, now=NOW + timedelta(hours=hours))
    assert [each["order_id"] for each in landed(settings)] == [early, late]


def test_braces_within_a_field_are_no_field(settings: Settings, write_rules: WriteRules) -> None:
    (order_id,) = some_orders(settings, 1)
    rule = HOLD % order_id
    write_rules(rule.replace('"Order {order_id} of {due_amount} is on hold"', '"{ship_city}"'))
    with duckdb.connect(str(next(settings.published.glob("*.duckdb")))) as published:
        published.execute("update marts.fct_orders set ship_city = '{order_id}'")
    run_rules(settings, now=NOW)
    (message,) = list_messages(open_store(settings))
    assert message.payload["text"] == "{order_id}"


def test_up_to_its_limit_an_approval_is_not_asked_for_and_parts_of_a_day_add_up(
    settings: Settings, write_rules: WriteRules
) -> None:
    sql = """select order_id, due_amount_reporting from ops.orders
        where due_amount_reporting > 20 order by due_amount_reporting limit 1"""
    ((order_id, amount),) = query(settings, sql)
    limit = f", above: {amount * 3 / 2:.2f} EUR"
    rule = APPROVED % (order_id, limit)
    write_rules(rule + rule.replace("credit:", "credit_again:", 1))
    assert run_rules(settings, now=NOW).waiting == 1
    assert {each.rule: each.state for each in list_firings(open_store(settings))} == {
        "credit": "done", "credit_again": "waiting"
    }  # fmt: skip


def test_rules_that_contradict_each_other_fire_neither(settings: Settings, write_rules: WriteRules) -> None:
    two = "a:\n  on: orders\n  when: {field: stage, eq: late}\n  then: [{action: {kind: hold}}]\n"
    rules = write_rules(two + two.replace("a:", "b:", 1).replace("kind: hold", "kind: cancel"))
    (sentence,) = contradictions(rules)
    assert "the rules a and b would hold and cancel the same order" in sentence
    with pytest.raises(OrderhouseError, match="would hold and cancel the same order"):
        run_rules(settings, now=NOW)
    assert landed(settings) == []
    apart = (
        two.replace("a:", "b:", 1).replace("kind: hold", "kind: cancel").replace("eq: late", "in: [placed, delivered]")
    )
    assert contradictions(write_rules(two + apart)) == []


def test_rule_that_is_off_fires_never_and_is_previewed(settings: Settings, write_rules: WriteRules) -> None:
    (rule,) = write_rules(HOLD % some_orders(settings, 1)[0] + "  enabled: false\n")
    assert run_rules(settings, now=NOW).fired == {}
    (preview,) = preview_rules(settings, [rule])
    assert (preview.match.rows.height, preview.new.height) == (1, 1)
    assert list_firings(open_store(settings)) == []


def test_actions_of_rules_are_pending_like_those_of_people(settings: Settings, write_rules: WriteRules) -> None:
    (order_id,) = some_orders(settings, 1)
    write_rules(HOLD % order_id)
    run_rules(settings, now=NOW)
    with contextlib.closing(open_reader(settings)) as published:
        pending = pending_actions(
            settings, lambda sql, values: published.execute(sql, list(values)).fetchall(),
            order_ids=[order_id], exception_ids=[],
        )  # fmt: skip
    assert [(each.kind, each.actor) for each in pending] == [("hold", "rule hold_some")]


def test_rules_wait_for_a_person_after_the_operations_store_was_lost(
    settings: Settings, write_rules: WriteRules
) -> None:
    write_rules(HOLD % some_orders(settings, 1)[0])
    assert run_rules(settings, now=NOW).fired == {"hold_some": 1}
    shutil.rmtree(settings.operations)
    result = run_rules(settings, now=NOW)
    assert (result.fired, result.paused) == ({}, "the operations store was lost or exchanged")
    assert len(landed(settings)) == 1
    release(settings, open_store(settings), sends=False)
    assert run_rules(settings, now=NOW).paused == ""
