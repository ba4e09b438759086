"""Conditions as queries: each operator, in the type of its column, against rows filtered by hand."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.rules.matching import matches_of
from orderhouse.rules.subjects import SUBJECTS, fields_of
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings

from tests.rules.conftest import WriteRules

RULE = """
r:
  on: {table}
  when: {when}
  then: [{{notify: {{role: operator, text: "{text}"}}}}]
"""


def matched(settings: Settings, write_rules: WriteRules, when: str, table: str = "orders", text: str = "x") -> set[str]:
    """Return the subjects that a condition matches."""
    rules = write_rules(RULE.format(table=table, when=when, text=text))
    with contextlib.closing(open_reader(settings)) as published:
        (match,) = matches_of(rules, published, settings.home / "rules.yaml")
    return set(match.rows["_subject"].to_list())


def orders(settings: Settings) -> list[dict[str, Any]]:
    """Return all orders of the published version."""
    with contextlib.closing(open_reader(settings)) as published:
        rows = published.execute("select * from ops.orders")
        names = [each[0] for each in rows.description or []]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


CASES = [
    ("{field: stage, eq: late}", lambda o: o["stage"] == "late"),
    ("{field: stage, ne: late}", lambda o: o["stage"] != "late"),
    ("{field: stage, in: [late, placed]}", lambda o: o["stage"] in ("late", "placed")),
    ("{field: due_amount, gt: 100.5}", lambda o: (o["due_amount"] or 0) > Decimal("100.5")),
    ("{field: due_amount, ge: 100}", lambda o: (o["due_amount"] or 0) >= 100),
    ("{field: due_amount, lt: 100}", lambda o: o["due_amount"] is not None and o["due_amount"] < 100),
    ("{field: due_amount, le: 100}", lambda o: o["due_amount"] is not None and o["due_amount"] <= 100),
    ("{field: due_amount, between: [50, 100]}", lambda o: o["due_amount"] is not None and 50 <= o["due_amount"] <= 100),
    ("{field: order_id, contains: 00001}", lambda o: "00001" in o["order_id"]),
    ("{field: channel, contains: WEB}", lambda o: "web" in o["channel"]),
    ("{field: delivered_at, is_null: true}", lambda o: o["delivered_at"] is None),
    ("{field: delivered_at, is_null: false}", lambda o: o["delivered_at"] is not None),
    ("{not: {field: is_late, eq: true}}", lambda o: o["is_late"] is not True),
    (
        "{any: [{field: stage, eq: late}, {field: due_amount, gt: 900}]}",
        lambda o: o["stage"] == "late" or (o["due_amount"] or 0) > 900,
    ),
    (
        "[{field: stage, eq: late}, {field: due_amount, gt: 100}]",
        lambda o: o["stage"] == "late" and o["due_amount"] > 100,
    ),
]


@pytest.mark.parametrize(("when", "is_meant"), CASES, ids=[when for when, _ in CASES])
def test_condition_matches_the_rows_that_it_says(
    settings: Settings, write_rules: WriteRules, when: str, is_meant: Any
) -> None:
    found = orders(settings)
    expected = {each["order_id"] for each in found if is_meant(each)}
    assert expected
    assert len(expected) < len(found)
    assert matched(settings, write_rules, when) == expected


def test_instants_are_compared_in_utc_and_relative_ones_from_the_clock(
    settings: Settings, write_rules: WriteRules
) -> None:
    with contextlib.closing(open_reader(settings)) as published:
        ((middle, as_of),) = published.execute(
            "select median(placed_at), any_value(as_of) from ops.orders, marts.as_of"
        ).fetchall()
    expected = {each["order_id"] for each in orders(settings) if each["placed_at"] < middle}
    for text in (f"{middle.isoformat()}+00:00", f"{middle.isoformat()}Z"):
        assert matched(settings, write_rules, f"{{field: placed_at, lt: '{text}'}}") == expected
    hours = int((as_of - middle).total_seconds() // 3600)
    recent = matched(settings, write_rules, f"{{field: placed_at, gt: {hours} hours ago}}")
    ages = {each["order_id"]: as_of - each["placed_at"] for each in orders(settings)}
    assert recent == {each for each, age in ages.items() if age.total_seconds() < hours * 3600}


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("{field: is_latte, eq: true}", "rules.yaml:5: there is no field 'is_latte'; did you mean 'is_late'?"),
        (
            "{field: due_amount, gt: many}",
            "rules.yaml:5: due_amount: 'many' is not a number with at most four decimals.",
        ),
        ("{field: due_amount, gt: 1.00005}", "due_amount: '1.00005' is not a number with at most four decimals."),
        ("{field: is_late, eq: maybe}", "is_late: 'maybe' is not true or false."),
        ("{field: placed_at, lt: yesterday}", "placed_at: 'yesterday' is no instant; write"),
        ("{field: placed_at, lt: '2026-03-01'}", "placed_at: '2026-03-01' is no instant; write"),
        ("{field: due_amount, contains: 1}", "due_amount: contains compares texts, and due_amount is no text"),
    ],
)
def test_field_or_value_that_does_not_fit_is_refused(
    settings: Settings, write_rules: WriteRules, when: str, message: str
) -> None:
    with pytest.raises(OrderhouseError) as caught:
        matched(settings, write_rules, when)
    assert message in caught.value.message


def test_unknown_field_in_a_text_is_refused(settings: Settings, write_rules: WriteRules) -> None:
    with pytest.raises(OrderhouseError, match="there is no field 'ordr_id'; did you mean 'order_id'"):
        matched(settings, write_rules, "{field: stage, eq: late}", text="Order {ordr_id}")


def test_value_is_a_parameter_and_never_sql(settings: Settings, write_rules: WriteRules) -> None:
    assert matched(settings, write_rules, '{field: stage, eq: "late\' or 1=1 --"}') == set()


@pytest.mark.parametrize("table", SUBJECTS)
def test_every_table_of_rules_is_there_and_its_key_is_unique(settings: Settings, table: str) -> None:
    subject = SUBJECTS[table]
    with contextlib.closing(open_reader(settings)) as published:
        fields = fields_of(table, published)
    named = {*subject.key, *subject.state, *filter(None, (subject.order, subject.line, subject.amount))}
    assert named <= fields.keys()


def test_subject_of_a_rule_with_stop_is_left_alone_by_later_rules_of_the_table(
    settings: Settings, write_rules: WriteRules
) -> None:
    one = RULE.format(table="orders", when="{field: stage, eq: late}", text="x").strip()
    rules = write_rules(f"{one}\n  stop: true\n{one.replace('r:', 'later:', 1)}\n")
    with contextlib.closing(open_reader(settings)) as published:
        first, second = matches_of(rules, published, settings.home)
    assert first.rows.height > 0
    assert second.rows.height == 0
