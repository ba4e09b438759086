"""Reading of `rules.yaml`: what is written there means what it says, or is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.rules.rule import Comparison, Group
from orderhouse.rules.rules_file import SHIPPED, load_rules, read_rules
from orderhouse.settings import Settings

LATE = """
rules:
  late_orders:
    on: orders
    when:
      all:
        - {field: is_late, eq: true}
        - any:
            - {field: due_amount_reporting, between: [100, 200]}
            - not: {field: channel, in: [web, app]}
    then:
      - approve: {role: finance, above: 100 EUR}
      - action: {kind: hold, as: operator}
      - notify: {role: operator, text: "Order {order_id}"}
    once_per: subject and day
    limit_per_run: 7
    quiet_hours: 21:00-08:00
    stop: true
"""


def write(folder: Path, text: str) -> Path:
    """Write a file of rules."""
    path = folder / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_rule_is_read_as_it_is_written(tmp_path: Path) -> None:
    (rule,) = read_rules(write(tmp_path, LATE))
    assert (rule.name, rule.title, rule.is_enabled, rule.table) == ("late_orders", "Late orders", True, "orders")
    assert rule.when == Group(
        "all",
        (
            Comparison("is_late", "eq", ("true",), 7),
            Group(
                "any",
                (
                    Comparison("due_amount_reporting", "between", ("100", "200"), 9),
                    Group("not", (Comparison("channel", "in", ("web", "app"), 10),)),
                ),
            ),
        ),
    )
    assert [(step.kind, dict(step.options)) for step in rule.steps] == [
        ("approve", {"role": "finance", "above": "100 EUR"}),
        ("action", {"kind": "hold", "as": "operator"}),
        ("notify", {"role": "operator", "text": "Order {order_id}"}),
    ]
    assert (rule.once_per, rule.limit_per_run, rule.stops) == ("subject and day", 7, True)


def test_version_follows_the_meaning_and_not_title_switch_or_place(tmp_path: Path) -> None:
    (first,) = read_rules(write(tmp_path, LATE))
    (moved,) = read_rules(
        write(tmp_path, "# a comment\n" + LATE.replace("on: orders", "on: orders\n    title: T\n    enabled: false"))
    )
    (other,) = read_rules(write(tmp_path, LATE.replace("[100, 200]", "[100, 201]")))
    assert moved.version == first.version != other.version


def test_without_a_file_the_shipped_rules_are_in_force_and_all_off(tmp_path: Path) -> None:
    rules = load_rules(Settings(home=tmp_path))
    assert len(rules) >= 7
    assert not any(rule.is_enabled for rule in rules)
    assert read_rules(SHIPPED) == rules


@pytest.mark.parametrize(
    ("was", "now", "message"),
    [
        ("on: orders", "on: order", ":4: late_orders.on: there is no table of rules 'order'; did you mean 'orders'?"),
        ("eq: true", "equals: true", ":7: late_orders.when.all.0: there is no operator 'equals'; did you mean"),
        ("[100, 200]", "[100]", ":9: late_orders.when.all.1.any.0.between: between takes two values."),
        ("kind: hold", "kind: holdd", ":13: late_orders.then.1.action.kind: there is no action 'holdd'; did you mean"),
        ("kind: hold", "kind: close_month", "a rule cannot close_month: it needs what only a person can say"),
        ("role: finance", "role: finanse", ":12: late_orders.then.0.approve.role: there is no role 'finanse'"),
        ("100 EUR", "100", "write an amount with its currency, such as 100 EUR."),
        ("21:00-08:00", "21-8", ":17: late_orders.quiet_hours: write hours of the business day, such as 21:00-08:00."),
        ("limit_per_run: 7", "limit_per_run: 0", "it must be a whole number from 1 to 10000."),
        ("once_per: subject and day", "once_per: day", "there is no occasion 'day'; did you mean 'subject and day'?"),
        ("stop: true", "stops: true", "there is no key 'stops'; did you mean 'stop'?"),
        ("late_orders:", "Late Orders:", "the name of a rule has lower-case letters, digits and _"),
        ("    on: orders\n", "", ":3: late_orders: it has no `on`."),
        (', text: "Order {order_id}"', "", ":14: late_orders.then.2.notify: it has no `text`."),
    ],
)  # fmt: skip
def test_mistake_is_named_with_line_and_nearest_word(tmp_path: Path, was: str, now: str, message: str) -> None:
    assert was in LATE
    path = write(tmp_path, LATE.replace(was, now))
    with pytest.raises(OrderhouseError) as caught:
        read_rules(path)
    assert str(path) in caught.value.message
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("table", "step", "message"),
    [
        ("customers", "action: {kind: hold}", "no action can be taken on customers; use notify."),
        ("orders", "action: {kind: assign, assignee: mia}", "assign is an action on exceptions"),
        ("exceptions", "action: {kind: assign}", "assign needs `assignee`."),
        ("orders", "action: {kind: tag}", "tag needs `text`."),
        ("kpis", "approve: {role: finance, above: 5 EUR}", "kpis have no amount"),
        ("orders", "approve: {role: finance}", "nothing follows the approval"),
    ],
)
def test_step_that_no_row_of_the_table_could_take_is_refused(
    tmp_path: Path, table: str, step: str, message: str
) -> None:
    path = write(
        tmp_path, f"rules:\n  r:\n    on: {table}\n    when: {{field: f, is_null: true}}\n    then:\n      - {step}\n"
    )
    with pytest.raises(OrderhouseError) as caught:
        read_rules(path)
    assert message in caught.value.message
