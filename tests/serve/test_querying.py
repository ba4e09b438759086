"""Tests of SQL on the published version, and of the look-ups that the command line shares with the dashboards."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import duckdb
import pyarrow.parquet as pq
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.serve.queries import (
    feed_freshness,
    find_order,
    find_order_by_tracking_id,
    headline_kpis,
    quarantined_rows,
)
from orderhouse.serve.querying import ask, json_text, write_answer
from orderhouse.settings import Settings
from orderhouse.storage.readers import open_published

from tests.serve.built_home import make_version


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a home with one version. Tests only read it."""
    return make_version(tmp_path_factory.mktemp("home"))[0]


@pytest.mark.parametrize(
    "query",
    [
        "delete from ops.orders",
        "create table t as select 1",
        "attach '/tmp/other.duckdb'",
        "copy ops.orders to '/tmp/orders.csv'",
        "select 1; select 2",
        "set enable_external_access = true",
        "select * from read_csv('/etc/hostname')",
        "pragma enable_external_access = true",
    ],
)
def test_only_reading_what_is_published_is_possible(published: Settings, query: str) -> None:
    with pytest.raises(OrderhouseError):
        list(ask(published, query).rows())


def test_json_keeps_the_digits_of_money(published: Settings) -> None:
    sink = io.BytesIO()
    answer = ask(published, "select order_id, due_amount, placed_at from ops.orders where order_id = 'OH-0003';")
    assert write_answer(answer, "json", sink) == 1
    assert b'"due_amount": 3.3000' in sink.getvalue()
    assert json.loads(sink.getvalue())[0]["placed_at"] == "2026-02-01T13:00:00Z"


def test_json_of_nothing_is_an_empty_array(published: Settings) -> None:
    sink = io.BytesIO()
    write_answer(ask(published, "select * from ops.orders where false"), "json", sink)
    assert json.loads(sink.getvalue()) == []


def test_csv_and_parquet_hold_every_row(published: Settings) -> None:
    text, binary = io.BytesIO(), io.BytesIO()
    write_answer(ask(published, "from ops.orders"), "csv", text)
    assert len(text.getvalue().splitlines()) == 101
    assert write_answer(ask(published, "from ops.orders"), "parquet", binary) == 100
    assert str(pq.read_table(io.BytesIO(binary.getvalue())).schema.field("due_amount").type) == "decimal128(18, 4)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (float("nan"), "null"),
        (None, "null"),
        ([1, Decimal("0.10")], "[1, 0.10]"),
        (True, "true"),
    ],
)
def test_values_as_json(value: object, text: str) -> None:
    assert json_text(value) == text


def test_order_is_found_by_id_and_by_tracking_id(published: Settings) -> None:
    with open_published(published) as connection:
        view = find_order(connection, "OH-0042")
        assert view.order["due_amount"] == Decimal("46.2000")
        assert [row["line_id"] for row in view.parts["lines"]] == ["1"]
        assert find_order_by_tracking_id(connection, " track0000042 ").order == view.order


def test_unknown_order_names_near_ones_but_unknown_tracking_id_does_not(published: Settings) -> None:
    with open_published(published) as connection:
        with pytest.raises(OrderhouseError, match="Similar ids: .*OH-0042"):
            find_order(connection, "OH-0042x")
        with pytest.raises(OrderhouseError) as error:
            find_order_by_tracking_id(connection, "TRACK000004")
        assert "TRACK0000042" not in error.value.message


def test_ratios_of_a_period_are_summed_and_levels_are_of_its_last_day(published: Settings) -> None:
    with open_published(published) as connection:
        kpis = {row["kpi"]: row for row in headline_kpis(connection)}
    assert (kpis["orders"]["recent"], kpis["orders"]["earlier"]) == (Decimal(7), Decimal(9))
    assert kpis["orders"]["target"] == 2 * 28
    assert (kpis["otif"]["recent"], kpis["otif"]["numerator"], kpis["otif"]["denominator"]) == (2 / 6, 2, 6)
    assert kpis["days_of_cover"]["recent"] == 20


def test_the_unfinished_day_of_the_clock_is_in_no_period(published: Settings) -> None:
    with open_published(published) as connection:
        kpis = {row["kpi"]: row for row in headline_kpis(connection)}
    # A hundred orders of 1 March, the day of the clock, do not count yet.
    assert (str(kpis["orders"]["last_date"]), kpis["orders"]["recent"]) == ("2026-02-28", 7)


def test_percentile_of_a_period_comes_from_all_its_durations_and_not_from_the_last_day(published: Settings) -> None:
    with open_published(published) as connection:
        kpis = {row["kpi"]: row for row in headline_kpis(connection)}
    # Position 0.9 × 9 = 8.1: a tenth of the way from the ninth duration (24) to the tenth (144).
    assert kpis["hours_p90"]["recent"] == 36
    assert kpis["hours_p90"]["earlier"] is None


def test_periods_are_compared_by_their_mature_days(published: Settings) -> None:
    with open_published(published) as connection:
        kpis = {row["kpi"]: row for row in headline_kpis(connection)}
    # On 1 March a figure is mature up to 26 February. The two days after it drop out, and so do those of January.
    assert kpis["otif"]["immature_days"] == 2
    assert (kpis["otif"]["compared"], kpis["otif"]["compared_with"]) == (0.5, 0.75)
    assert kpis["orders"]["immature_days"] == 0
    assert kpis["orders"]["compared"] == kpis["orders"]["recent"]


def test_quarantine_is_found_by_feed_and_by_the_beginning_of_its_id(published: Settings) -> None:
    with open_published(published) as connection:
        assert [row["record"] for row in quarantined_rows(connection, feed="orders")] == [7]
        assert quarantined_rows(connection, feed="payments") == []
        assert len(quarantined_rows(connection, quarantine_id="q")) == 1


@pytest.mark.parametrize("freshness", [None, "select 'shop' as source, 'orders' as feed, '1d' as expected_every"])
def test_feeds_of_a_version_of_an_earlier_release_are_told_as_far_as_it_knows(freshness: str | None) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema quality")
        connection.execute(
            "create table quality.files as select 'f' as file_id, 'shop' as source, 'orders' as feed, 2 as accepted, "
            "timestamp '2026-01-02' as received_at, false as is_superseded"
        )
        if freshness:
            connection.execute(f"create table quality.freshness as {freshness}")
        (row,) = feed_freshness(connection)
    assert (row["source"], row["feed"], row["accepted"]) == ("shop", "orders", 2)
    assert row["expected_every"] == ("1d" if freshness else None)
    assert row["freshness_status"] is None and row["due_at"] is None


def test_csv_of_a_query_guards_formulas_unless_asked_not_to(published: Settings) -> None:
    query = "select discount_code, '＝1' as wide, -5 as number from ops.orders where order_id = 'OH-0001'"
    for guards, line in ((True, "'=2+3,'＝1,-5"), (False, "=2+3,＝1,-5")):
        text = io.BytesIO()
        write_answer(ask(published, query), "csv", text, guards_formulas=guards)
        assert text.getvalue().decode().splitlines()[1] == line
