"""Hashes of published tables, one for each, so that two warehouses can be compared.

Receipt and lineage columns are left out. They record how rows arrived, and only they may differ between two ways of
delivering the same rows.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

RECEIPT_COLUMNS = frozenset(
    {"_batch_id", "_received_at", "_file_id", "_record", "_mapping_version", "batch_id", "run_id", "predicted_at"}
)
# Logs of the days that each batch replaced and of the runs of predictors, which a kill repeats. They also record how
# rows arrived.
RECEIPT_TABLES = frozenset(
    {"intermediate.revenue_days_replaced", "marts.fct_prediction_runs", "quality.drift", "quality.freshness"}
)
COMPARED_SCHEMAS = ("intermediate", "marts", "ops")


def table_hashes(published: Path) -> dict[str, tuple[int, int]]:
    """Return row count and order-free content hash of every table and view of a published file, by `schema.table`."""
    with duckdb.connect(str(published), read_only=True) as connection:
        return catalog_hashes(connection, published.stem)


def catalog_hashes(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, tuple[int, int]]:
    """Return the same of an attached database."""
    tables = connection.execute(
        "select table_schema, table_name, list(column_name order by ordinal_position) "
        "from information_schema.columns where table_catalog = ? and table_schema in (select unnest(?)) "
        "group by all order by all",
        [catalog, list(COMPARED_SCHEMAS)],
    ).fetchall()
    return {
        f"{schema}.{table}": _hash(connection, f'"{catalog}"."{schema}"."{table}"', columns)
        for schema, table, columns in tables
        if f"{schema}.{table}" not in RECEIPT_TABLES
    }


def _hash(connection: duckdb.DuckDBPyConnection, place: str, columns: list[str]) -> tuple[int, int]:
    compared = ", ".join(f'"{column}"' for column in columns if column not in RECEIPT_COLUMNS)
    rows, content = connection.execute(
        f"select count(*), coalesce(sum(hash(row({compared}))::hugeint), 0) from {place}"
    ).fetchone()
    return rows, content


def differing_tables(left: dict[str, tuple[int, int]], right: dict[str, tuple[int, int]]) -> list[str]:
    """Return the names of tables that differ between the two sides."""
    return sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
