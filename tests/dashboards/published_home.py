"""Home with a published version. `published.sql` makes its tables with the columns of the real models."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb

SQL = Path(__file__).with_name("published.sql")
RULES = Path(__file__).parents[2] / "dbt_project" / "seeds" / "action_rules.csv"
AS_OF = "2026-03-31 10:00:00.000000"


def publish(
    home: Path, *, number: int = 1, orders: int = 800, empty: bool = False, without: Sequence[str] = ()
) -> Path:
    """Publish a version: the file, its description and the pointer to it, in this order.

    Args:
        home: The home to publish in.
        number: Number of the version.
        orders: Number of orders.
        empty: True to leave all tables without rows, except the clock and the KPI catalogue.
        without: Tables to leave out, as in a version of another release.
    """
    folder = home / "published"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"warehouse-{number}.duckdb"
    shutil.copyfile(_template(orders), path)
    with duckdb.connect(str(path)) as connection:
        for schema, table, kind in _tables(connection):
            if f"{schema}.{table}" in without:
                connection.execute(f"drop {kind} {schema}.{table} cascade").fetchall()
            elif empty and kind == "table" and table not in ("as_of", "kpi_catalogue"):
                connection.execute(f"delete from {schema}.{table}").fetchall()
    _describe(path, number)
    return path


@cache
def _template(orders: int) -> Path:
    """Make the file once per number of orders. A copy takes a hundredth of the time."""
    folder = Path(tempfile.mkdtemp(prefix="published-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with duckdb.connect(str(folder / "template.duckdb")) as connection:
        connection.execute(f"set variable orders = {orders}; set variable currency = 'EUR'").fetchall()
        connection.execute(f"set variable action_rules = '{RULES}'").fetchall()
        connection.execute(SQL.read_text(encoding="utf-8")).fetchall()
    return folder / "template.duckdb"


def columns_by_table() -> dict[str, set[str]]:
    """Return the columns of every table of the fixture, by ``schema.table``."""
    with duckdb.connect(str(_template(800)), read_only=True) as connection:
        found = connection.execute(
            """
            select table_schema || '.' || table_name, list(column_name) from information_schema.columns
            where table_schema in ('marts', 'ops', 'quality') group by all
            """
        ).fetchall()
    return {table: set(columns) for table, columns in found}


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    return connection.execute(
        """
        select table_schema, table_name, case table_type when 'VIEW' then 'view' else 'table' end
        from information_schema.tables where table_schema in ('marts', 'ops', 'quality') order by table_type desc
        """
    ).fetchall()


def _describe(path: Path, number: int) -> None:
    description = {
        "number": number,
        "published_at": datetime.now(UTC).isoformat(),
        "as_of": AS_OF,
        "batch_id": 12,
        "build_id": f"build-{number}",
        "business_time_zone": "Europe/Berlin",
        "reporting_currency": "EUR",
        "size_bytes": path.stat().st_size,
    }
    path.with_suffix(".json").write_text(json.dumps(description), encoding="utf-8")
    incoming = path.with_name(".current.incoming")
    incoming.write_text(path.name, encoding="utf-8")
    incoming.replace(path.with_name("current"))
