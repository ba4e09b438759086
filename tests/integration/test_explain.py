"""Tests of `explain`: every published cell is derived again from rows that are named by file and line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.serve.explaining import Explanation, explain_cell, explain_kpi
from orderhouse.serve.grains import key_columns
from orderhouse.serve.relations import published_tables
from orderhouse.serve.worlds import World, open_world
from orderhouse.settings import Settings
from orderhouse.simulate import simulate

from tests.integration.running import run_orderhouse, run_steps
from tests.properties.thoroughness import times

CELLS = times(16, many=1_000)
# How rows arrived is no figure.
RECEIPT = ("_batch_id", "_received_at", "batch_id")
KPIS = ("orders", "cancellation_rate", "order_cycle_hours", "payment_success_rate", "feedback_score")


@dataclass(frozen=True)
class Asked:
    """A published home, and a world over it."""

    home: Path
    world: World

    def first(self, query: str) -> list[str]:
        """Return the first row of a query on the published version, as text."""
        rows = self.world.connection.execute(query).fetchall()
        return [str(value) for value in rows[0]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("explain")
    simulate(orders=60, seed=11, to=folder / "feeds")
    run_steps(folder / "home", folder / "feeds" / "sources.yaml")
    with open_world(Settings(home=folder / "home")) as world:
        yield Asked(folder / "home", world)


def added_up(found: Explanation) -> list[Decimal]:
    """Return the sums of the contributions, figure by figure."""
    return [sum((part.figures[at] for part in found.parts), Decimal(0)) for at in range(len(found.figures))]


def test_an_orders_cell_is_derived_from_its_own_rows_and_each_row_says_what_it_does(asked: Asked) -> None:
    (order_id,) = asked.first(
        "select order_id from published.marts.fct_orders where captured_amount > 0 and refunded_amount = 0 "
        "order by ordered_quantity, order_id"
    )
    found = explain_cell(asked.world, "fct_orders", [order_id], "captured_amount")
    assert found.is_equal
    assert found.scope == "its own rows"
    payments = [part for part in found.parts if part.subject == "payments" and part.figures != ("the same",)]
    lost = sum((found.value - part.figures[0] for part in payments), Decimal(0))
    assert lost == found.value > 0
    assert all(part.row and part.row.record > 0 and part.row.path.endswith(".csv") for part in found.parts)


def test_a_day_of_revenue_is_the_sum_of_its_orders(asked: Asked) -> None:
    day, *more = asked.first(
        "select business_date, recognition_clock, channel, country, category, currency "
        "from published.marts.fct_revenue_daily where recognition_clock = 'placed' and net_sales_amount > 0 "
        "order by all"
    )
    names = ("recognition_clock", "channel", "country", "category", "currency")
    key = [f"business_date={day}", *(f"{name}={value}" for name, value in zip(names, more, strict=True))]
    found = explain_cell(asked.world, "marts.fct_revenue_daily", key, "net_sales_amount")
    assert found.is_equal
    assert found.is_sum
    assert added_up(found) == list(found.totals) == [found.value]
    assert all(part.rows for part in found.parts)


@pytest.mark.parametrize("kpi", KPIS)
def test_a_kpi_is_the_sum_of_what_it_counts(asked: Asked, kpi: str) -> None:
    (day,) = asked.first(
        f"select business_date from published.marts.fct_kpi_daily where kpi = '{kpi}' and dimension = 'all' "
        "and numerator > 0 order by denominator desc nulls last, 1 limit 1"
    )
    found = explain_kpi(asked.world, kpi, day)
    assert found.is_equal
    assert found.is_sum
    assert added_up(found) == list(found.totals)


def test_random_cells_of_all_tables_are_derived_again_exactly(asked: Asked) -> None:
    chance = random.Random(5)  # noqa: S311 - no secret
    connection = asked.world.connection
    connection.execute("use published")
    tables = [name for name in published_tables(connection) if name.startswith(("marts.", "ops."))]
    connection.execute("use warehouse")
    cells = []
    for _ in range(CELLS):
        table = chance.choice(tables)
        found = connection.execute(f"from published.{table} order by all")
        names = [each[0] for each in found.description or []]
        rows = found.fetchall()
        if rows:
            row = dict(zip(names, chance.choice(rows), strict=True))
            column = chance.choice([name for name in row if name not in RECEIPT])
            key = [f"{name}={'' if row[name] is None else row[name]}" for name in key_columns(connection, table)]
            cells.append((table, key, column))
    for table, key, column in sorted(cells):
        found = explain_cell(asked.world, table, key, column, effects=False)
        assert found.is_equal, (table, key, column, found.value, found.derived)
        if found.is_sum:
            assert added_up(found) == list(found.totals), (table, key, column)


def test_the_command_names_file_and_line(asked: Asked) -> None:
    (order_id,) = asked.first("select min(order_id) from published.marts.fct_orders")
    printed = run_orderhouse("explain", "fct_orders", order_id, "order_status", "--no-effects", home=asked.home)
    assert "Derived again from its own rows: equal." in printed
    assert "orders-0001.csv:" in printed


@pytest.mark.parametrize(
    ("table", "key", "column", "sentence"),
    [
        ("fct_nothing", ["x"], "y", "There is no published table"),
        ("fct_orders", ["nobody"], "stage", "no row"),
        ("fct_orders", ["nobody"], "stages", "Did you mean stage"),
        ("fct_orders", ["stage=closed"], "stage", "more than one row"),
        ("fct_orders", [], "stage", "Its key is|The key of"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_a_sentence(
    asked: Asked, table: str, key: list[str], column: str, sentence: str
) -> None:
    with pytest.raises(OrderhouseError, match=sentence):
        explain_cell(asked.world, table, key, column)


def test_an_unknown_kpi_or_day_is_refused_in_a_sentence(asked: Asked) -> None:
    with pytest.raises(OrderhouseError, match="There is no KPI 'sales'"):
        explain_kpi(asked.world, "sales", "2026-01-01")
    with pytest.raises(OrderhouseError, match="has no figure on 1999-01-01"):
        explain_kpi(asked.world, "orders", "1999-01-01")
