"""Promises of a day, which pages, their CSV and the command line show as that day, without a time."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest
from orderhouse.access.roles import OWNER
from orderhouse.cli.application import app as command_line
from orderhouse.serve import listed
from orderhouse.settings import Settings
from shared import columns
from shared.listing import _List
from typer.testing import CliRunner

from tests.dashboards.conftest import Open, tables_of
from tests.dashboards.published_home import publish

LATE = "select min(order_id) from marts.fct_orders where stage = 'late'"
SHOWN = {"current_promised_at": columns.column("Promised", day_if="promise_is_date_only")}


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Publish a late order that was promised for 8 January in Berlin; return the home and the order."""
    home = tmp_path_factory.mktemp("promises")
    with duckdb.connect(str(publish(home, orders=400))) as connection:
        ((order,),) = connection.execute(LATE).fetchall()
        connection.execute(
            "update marts.fct_orders set promise_is_date_only = true, current_promised_at = '2026-01-07 23:00:00', "
            "first_promise_ends_at = '2026-01-06 22:59:59.999999' where order_id = ?",
            [order],
        ).fetchall()
        connection.execute(
            "update marts.fct_exceptions set opened_at = '2026-01-08 22:59:59.999999' where order_id = ?", [order]
        ).fetchall()
    return home, order


def rows_of(app: object, name: str) -> list[dict[str, str | None]]:
    return next(table.rows for table in tables_of(app) if table.name == name)  # type: ignore[arg-type]


def test_late_orders_are_late_since_a_day(late: tuple[Path, str], open_page: Open) -> None:
    rows = rows_of(open_page(late[0], "fulfilment"), "late orders")
    (row,) = [row for row in rows if row["order_id"] == late[1]]
    assert (row["opened_at"], row["current_promised_at"]) == ("8 Jan 2026", "8 Jan 2026")
    assert all(":" in str(each["current_promised_at"]) for each in rows if each is not row)


def test_dates_of_an_order_name_the_promised_days(late: tuple[Path, str], open_page: Open) -> None:
    dates = {row["what"]: row["when"] for row in rows_of(open_page(late[0], "orders", order=late[1]), "dates")}
    assert (dates["First promised"], dates["Promised now"]) == ("6 Jan 2026", "8 Jan 2026")
    assert ":" in str(dates["Placed"])


def test_csv_of_a_list_names_the_promised_day(late: tuple[Path, str]) -> None:
    sql = "select order_id, current_promised_at, promise_is_date_only from ops.orders where order_id >= ?"
    this = _List(sql, (late[1],), SHOWN, "orders", "order_id", "", "")
    query, before = this.exported("current_promised_at", "Europe/Berlin")
    written = listed.listed_csv(Settings(home=late[0]), OWNER, 1, query, [*before, late[1]])
    rows = {row["order_id"]: row["current_promised_at"] for row in csv.DictReader(io.StringIO(written.decode()))}
    assert rows.pop(late[1]) == "2026-01-08"
    assert rows and all(":" in each for each in rows.values())
    assert list(rows.values()) == sorted(rows.values())


def test_order_of_the_command_line_names_the_promised_day(
    late: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERHOUSE_HOME", str(late[0]))
    printed = CliRunner().invoke(command_line, ["order", late[1]]).output
    (promise,) = [line for line in printed.splitlines() if line.startswith("current_promised_at")]
    assert promise.split() == ["current_promised_at", "2026-01-08"]
