"""Rows and content hash of every stored table, by which two builds of the same rows are compared.

What people read in `marts` and `ops` are these tables and views of them. Left out are `quality.audit`, which the audit
writes after the build, and what records the builds themselves: watermarks, the log of replaced days, and `_batch_id`,
the build's batch in rows of incremental models. A full build writes one batch where increments wrote several.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import duckdb

from orderhouse.storage.sql_names import quote

__all__ = ["differing", "table_hashes"]

TableHashes = dict[str, tuple[int, str]]

RECORDS = {"quality.audit", "intermediate.revenue_days_replaced"}
RECORD_SCHEMAS = ("meta", "seeds")
BATCH_OF_BUILD = "_batch_id"


def table_hashes(path: Path, *, threads: int | None = None) -> TableHashes:
    """Return rows and content hash by `schema.table`. The hash does not depend on the order of rows.

    Two hashes can be compared if the same version of DuckDB computed both.

    Args:
        path: A DuckDB file of built tables.
        threads: Threads of DuckDB; all cores if None.
    """
    configuration: dict[str, str | bool | int | float | list[str]] = {"threads": threads} if threads else {}
    with contextlib.closing(duckdb.connect(str(path), read_only=True, config=configuration)) as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns() "
            "inner join duckdb_tables() using (database_name, schema_name, table_name) "
            "where database_name = current_database() and not list_contains(?, schema_name) and column_name <> ? "
            "group by all order by all",
            [list(RECORD_SCHEMAS), BATCH_OF_BUILD],
        ).fetchall()
        return {name: _hash(connection, name, columns) for name, columns in tables if name not in RECORDS}


def differing(expected: TableHashes, found: TableHashes) -> list[str]:
    """Return a sentence for each table that is missing or differs."""
    sentences = []
    for name, (rows, digest) in expected.items():
        if name not in found:
            sentences.append(f"{name} is missing.")
        elif found[name][0] != rows:
            sentences.append(f"{name} has {found[name][0]:,} rows, and had {rows:,}.")
        elif found[name][1] != digest:
            sentences.append(f"{name} has other content in the same number of rows ({rows:,}).")
    return sentences


def _hash(connection: duckdb.DuckDBPyConnection, name: str, columns: list[str]) -> tuple[int, str]:
    row = f"hash({', '.join(quote(column) for column in columns)})"
    place = ".".join(quote(part) for part in name.split("."))
    sums = f"count(*), coalesce(sum({row}::hugeint), 0), coalesce(bit_xor({row}), 0)"
    ((rows, total, parity),) = connection.execute(f"select {sums} from {place}").fetchall()  # noqa: S608 - quoted
    return int(rows), f"{int(total):x}-{int(parity):x}"
