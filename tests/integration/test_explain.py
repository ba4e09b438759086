"""Tests of `explain`: every published cell is derived again from rows that are named by file and line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.serve.explaining import Explanation, explain_cell, explain_kpi
from orderhouse.serve.worlds import World, open_world
from orderhouse.settings import Settings
from orderhouse.simulate import simulate

from tests.integration.explained import explained, few_days, summary
from tests.integration.running import PROJECT, run_orderhouse, run_steps
from tests.properties.thoroughness import IS_THOROUGH, times

# Cells by the seed of their draw.
SEEDS = {5: times(16, many=400)}
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
    add_credit_note(folder / "feeds")
    run_steps(folder / "home", folder / "feeds" / "sources.yaml")
    with open_world(Settings(home=folder / "home")) as world:
        yield Asked(folder / "home", world)


def add_credit_note(feeds: Path) -> None:
    """Write a credit note over 1.00 for the first order's place and SKU, on the day of that order."""
    first = read(feeds, "orders").sort("placed_at", "order_id").row(0, named=True)
    line = read(feeds, "order_lines").filter(pl.col("order_id") == first["order_id"]).sort("line_id").row(0, named=True)
    note = {
        "return_id": "note", "line_id": "1", "status": "received", "occurred_at": first["placed_at"], "quantity": "1",
        "order_id": "", "sku": line["sku"], "channel": first["channel"], "country": first["ship_country"],
        "credit_amount": "1.00", "currency": first["currency"],
    }  # fmt: skip
    pl.DataFrame([note]).write_csv(feeds / "returns-9999.csv")


def read(feeds: Path, feed: str) -> pl.DataFrame:
    """Return the rows of a feed as text."""
    files = sorted(file for file in feeds.glob(f"{feed}-*.csv"))
    return pl.concat([pl.read_csv(file, infer_schema=False) for file in files], how="diagonal")


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


NOTE = [("returns", "returns-9999.csv", 2)]


def test_a_day_with_a_credit_note_is_the_sum_of_its_orders_and_of_the_note(asked: Asked) -> None:
    names = ("business_date", "channel", "country", "category", "currency")
    values = asked.first(
        f"select {', '.join(names)} from published.marts.fct_revenue_daily "
        "where recognition_clock = 'placed' and returns_amount = 1 and gross_sales_amount > 0 order by all"
    )
    key = ["recognition_clock=placed", *(f"{name}={value}" for name, value in zip(names, values, strict=True))]
    found = explain_cell(asked.world, "marts.fct_revenue_daily", key, "net_sales_amount")
    assert found.is_sum
    assert added_up(found) == [found.value]
    assert {part.subject.split()[0] for part in found.parts} == {"order_id", "return_id"}
    assert all(part.rows for part in found.parts)
    (note,) = [part for part in found.parts if part.subject == "return_id note"]
    assert [(row.feed, Path(row.path).name, row.record) for row in note.rows] == NOTE


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [
        ("fct_returns", ["return_id=note"], "outcome"),
        ("fct_returns", ["return_id=note"], "credit_amount"),
        ("fct_journal", ["return_id=note", "entry_kind=credit_note", "account=returns"], "debit_amount"),
    ],
)
def test_a_cell_of_a_credit_note_lists_the_row_of_the_note(
    asked: Asked, table: str, key: list[str], column: str
) -> None:
    found = explain_cell(asked.world, table, key, column)
    assert found.is_equal
    listed = [(part.row.feed, Path(part.row.path).name, part.row.record) for part in found.parts if part.row]
    assert [row for row in listed if row[0] == "returns"] == NOTE


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


def test_every_part_of_a_sum_over_carts_or_customers_lists_rows(asked: Asked) -> None:
    for kpi in ("abandonment_rate", "new_customers"):
        (day,) = asked.first(
            f"select business_date from published.marts.fct_kpi_daily where kpi = '{kpi}' and dimension = 'all' "
            "and numerator > 0 order by 1"
        )
        found = explain_kpi(asked.world, kpi, day)
        assert added_up(found) == list(found.totals)
        assert all(part.rows for part in found.parts), kpi


def test_a_figure_that_is_no_sum_lists_the_rows_of_its_subjects(asked: Asked) -> None:
    customer, month = asked.first(
        "select segments.customer_key, segments.snapshot_date from published.marts.fct_customer_segments as segments "
        "where segments.scheme = 'rfm' order by all"
    )
    rank = explain_cell(
        asked.world,
        "fct_customer_segments",
        [f"customer_key={customer}", "scheme=rfm", f"snapshot_date={month}"],
        "monetary_score",
    )
    assert rank.is_equal and not rank.is_sum
    assert {part.row.feed for part in rank.parts if part.row} >= {"orders", "order_lines"}
    key = ("first_order_month", "channel", "first_category", "first_discount", "months_after")
    values = asked.first(
        f"select {', '.join(key)} from published.marts.fct_cohort_retention where customers_count > 0 order by all"
    )
    ratio = explain_cell(
        asked.world,
        "fct_cohort_retention",
        [f"{name}={value}" for name, value in zip(key, values, strict=True)],
        "retention_rate",
    )
    assert ratio.is_equal and not ratio.is_sum
    assert ratio.parts and all(part.rows for part in ratio.parts)


def test_a_feed_is_not_taken_for_a_view_of_the_same_name(asked: Asked) -> None:
    assert "raw.orders" in asked.world.models["stg_orders"].reads
    names = asked.world.ancestors("fct_orders")
    assert "stg_orders" in names
    assert [name for name in names if asked.world.models[name].schema in ("ops", "quality")] == []


def test_random_cells_of_all_columns_of_all_marts_are_derived_again_exactly(asked: Asked) -> None:
    for seed, count in SEEDS.items():
        found = explained(asked.world, seed, count)
        print(summary(found))
        assert [each for each in found if each.problem] == []


@pytest.mark.skipif(not IS_THOROUGH, reason="derives hundreds of cells; run with --hypothesis-profile=thorough")
@pytest.mark.parametrize("name", ["sample", "retail"])
def test_random_cells_of_the_sample_and_of_real_data_are_derived_again_exactly(name: str, tmp_path: Path) -> None:
    sources = PROJECT / "data" / "sample" / "sources.yaml" if name == "sample" else few_days(tmp_path)
    run_steps(tmp_path / "home", sources)
    with open_world(Settings(home=tmp_path / "home")) as world:
        found = explained(world, seed=4, count=300)
    print(summary(found))
    assert [each for each in found if each.problem] == []


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


@pytest.mark.parametrize(
    ("kpi", "day", "dimension", "value", "sentence"),
    [
        ("sales", "2026-01-01", "all", "all", "There is no KPI 'sales'. Did you mean net_sales or gross_sales"),
        ("net_sales", "yesterday", "all", "all", "takes a business day such as 2026-01-31, not 'yesterday'"),
        ("net_sales", "1999-01-01", "all", "all", "has no figure on 1999-01-01 .* the nearest day is 20"),
        ("net_sales", "2026-05-01", "chanel", "web", "has no dimension 'chanel'. Did you mean channel"),
        ("net_sales", "2026-05-01", "channel", "wev", "has no channel 'wev'. Did you mean web"),
    ],
)
def test_a_figure_that_does_not_exist_is_refused_with_the_nearest_ones(
    asked: Asked, kpi: str, day: str, dimension: str, value: str, sentence: str
) -> None:
    with pytest.raises(OrderhouseError, match=sentence):
        explain_kpi(asked.world, kpi, day, dimension, value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("fct_nothing", "x", "y"), "There is no published table 'fct_nothing'"),
        (("fct_orders", "nobody", "stage"), "has no row with order_id = nobody"),
        (("fct_orders", "stage"), "Name a KPI with `--on DAY`, or a table with its key and a column"),
        (("fct_revenue_daily", "business_date=2026-13-45", "net_sales_amount"), "does not fit its column"),
        (("net_sales", "--on", "2026-02-31"), "`--on` takes a business day"),
        (("net_sales", "--on", "2026-05-01", "--by", "channel"), "`--by` takes a dimension and its value"),
        (("net_sales", "web", "--on", "2026-05-01"), "`--on` is for KPIs"),
    ],
)
def test_the_command_ends_with_2_on_a_question_that_cannot_be_answered(
    asked: Asked, arguments: tuple[str, ...], sentence: str
) -> None:
    printed = run_orderhouse("explain", *arguments, home=asked.home, expect=2)
    assert sentence in " ".join(printed.split())
    assert "Traceback" not in printed
