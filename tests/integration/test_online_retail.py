"""Tests of the wholesaler's daily files, end to end, at once and day by day in shuffled order."""

from __future__ import annotations

import random
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.dashboards.walk.walking import assert_walk_is_clean
from tests.integration.published_tables import differing_tables
from tests.integration.running import data_folder, published_file, real_data, run_steps, same_keys
from tests.properties.delivering import Hashes, built
from tests.properties.thoroughness import times

AS_OF = "2011-09-01T00:00:00Z"
FILES_AT_ONCE = times(110, many=55)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a warehouse that got all files in one run."""
    home = tmp_path_factory.mktemp("at_once")
    run_steps(home, real_data("online_retail", home))
    return home


@pytest.fixture(scope="module")
def retail(at_once: Path) -> duckdb.DuckDBPyConnection:
    """Return the published warehouse of the wholesaler's data, read only."""
    return duckdb.connect(str(published_file(at_once)), read_only=True)


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> object:
    """Return the single value or row of a query."""
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0] if len(row) == 1 else row


def test_every_row_is_accepted_or_quarantined(retail: duckdb.DuckDBPyConnection) -> None:
    rows_in, accepted, duplicate, quarantined = one(
        retail,
        "select sum(rows_in), sum(accepted), sum(duplicate), sum(quarantined) "
        "from quality.files where role = 'primary'",
    )
    assert (rows_in, duplicate, quarantined) == (320_705, 0, 2)
    assert accepted == 320_703


def test_lines_at_a_negative_price_are_quarantined_with_that_reason(retail: duckdb.DuckDBPyConnection) -> None:
    rows = retail.execute("select rules, reasons, path, record from quality.quarantine").fetchall()
    assert len(rows) == 2
    assert all("unit_price" in reasons and "negative" in rules for rules, reasons, _, _ in rows)


def test_credits_count_on_the_day_they_were_given(retail: duckdb.DuckDBPyConnection) -> None:
    assert one(
        retail, "select sum(returns_amount) from marts.fct_revenue_daily where recognition_clock = 'placed'"
    ) == Decimal("520770.56")
    credited = one(retail, "select count(*), sum(credit_amount) from ops.returns where is_credit_note")
    assert credited == (5_847, Decimal("520770.56"))


def test_sales_minus_credit_notes_by_day_as_in_the_files(retail: duckdb.DuckDBPyConnection) -> None:
    """The days are those of the invoices, which the business time zone leaves alone.

    A line is rounded once, to pennies. A few unit prices have three decimals.
    """
    glob = str(data_folder() / "online_retail" / "*.csv")
    from_files = dict(
        retail.execute(
            """
            select cast(InvoiceDate as date), sum(cast(round_even(Quantity * UnitPrice, 2) as decimal(18, 2)))
            from (
                select InvoiceDate, cast(Quantity as bigint) as Quantity, cast(UnitPrice as decimal(18, 4)) as UnitPrice
                from read_csv(?, all_varchar = true)
            )
            where UnitPrice > 0
            group by all
            """,
            [glob],
        ).fetchall()
    )
    published = dict(
        retail.execute(
            "select business_date, sum(net_sales_amount) from marts.fct_revenue_daily "
            "where recognition_clock = 'placed' group by all having sum(net_sales_amount) <> 0"
        ).fetchall()
    )
    assert published == {day: amount for day, amount in from_files.items() if amount}


def test_what_is_not_covered_is_not_tracked(retail: duckdb.DuckDBPyConnection) -> None:
    assert retail.execute("select distinct payment_status, delivery_status from marts.fct_orders").fetchall() == [
        ("not_tracked", "not_tracked")
    ]
    raised = retail.execute(
        "select code, count(*) from marts.fct_exceptions where order_id is not null and code not in "
        "('conflicting_versions', 'duplicate_order_suspect', 'return_exceeds_shipment') group by all"
    ).fetchall()
    assert raised == []


def test_every_page_is_right(at_once: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_walk_is_clean(at_once, monkeypatch)


def test_day_by_day_in_shuffled_order_gives_the_same_marts(at_once: Path, tmp_path: Path) -> None:
    """Files arrive in shuffled deliveries, each with a build of its own."""
    landing = tmp_path / "landing"
    landing.mkdir()
    home = tmp_path / "home"
    same_keys(at_once, home)
    declared = real_data("online_retail", tmp_path).read_text()
    (landing / "sources.yaml").write_text("\n".join(_path_replaced(line, landing) for line in declared.splitlines()))
    files = sorted((data_folder() / "online_retail").glob("*.csv"))
    random.Random(7).shuffle(files)  # noqa: S311
    hashes: Hashes = {}
    for start in range(0, len(files), FILES_AT_ONCE):
        for file in files[start : start + FILES_AT_ONCE]:
            shutil.copy(file, landing)
        hashes = built(home, landing / "sources.yaml", AS_OF, final=start + FILES_AT_ONCE >= len(files))
    assert differing_tables(hashes, built(at_once, real_data("online_retail", at_once), AS_OF)) == []


def _path_replaced(line: str, landing: Path) -> str:
    stripped = line.strip()
    if not stripped.startswith("path:"):
        return line
    return line[: len(line) - len(line.lstrip())] + f"path: {landing}/*.csv"


def test_customers_bought_what_their_invoices_say(retail: duckdb.DuckDBPyConnection) -> None:
    """Compare with the invoices of the files. Two of 11,415 are all at price 0; a few prices have three decimals."""
    customers, purchases, worth = one(
        retail,
        "select count(*), sum(purchases_count), sum(net_amount_reporting) from marts.dim_customers "
        "where purchases_count > 0",
    )
    assert (customers, purchases) == (3_317, 11_413)
    assert abs(worth - Decimal("5239240.56")) < 1
    scored = one(
        retail,
        "select count(*) from marts.fct_customer_segments where scheme = 'rfm' and segment <> 'unscored' "
        "and snapshot_date = (select max(snapshot_date) from marts.fct_customer_segments)",
    )
    assert scored == customers
