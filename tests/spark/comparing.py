"""Comparison of the tables of two homes, row for row and both ways."""

from __future__ import annotations

from typing import Any

import duckdb
from orderhouse.settings import Settings

# Rows that name a build or the instant of a run.
NOT_COMPARED = ("meta",)


def compared_tables(settings: Settings) -> set[str]:
    """Return database, schema and name of every table of the built files."""
    found: set[str] = set()
    for path in (settings.warehouse_db, settings.work_db):
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        found |= {f"{path.stem}.{schema}.{name}" for schema, name in rows if schema not in NOT_COMPARED}
    return found


def differences(left: Settings, right: Settings) -> dict[str, int]:
    """Return the number of rows that only one side has, of each table where there are any; -1 for another layout."""
    tables = compared_tables(left)
    found = dict.fromkeys(tables ^ compared_tables(right), -1)
    with duckdb.connect(":memory:") as connection:
        connection.execute("set timezone = 'UTC'")
        for side, settings in (("l", left), ("r", right)):
            for path in (settings.warehouse_db, settings.work_db):
                connection.execute(f"attach '{path}' as {side}_{path.stem} (read_only)")
        for table in sorted(tables - set(found)):
            ours, theirs = f"l_{table}", f"r_{table}"
            if _layout(connection, ours) != _layout(connection, theirs):
                found[table] = -1
            elif rows := _unshared(connection, f"from {ours}", f"from {theirs}"):
                found[table] = rows
    return found


def differing_rows(settings: Settings, table: str, rows: Any) -> int:
    """Return the number of rows that only one side has, of a built table and of rows computed elsewhere."""
    file, schema, name = table.split(".")
    with duckdb.connect(str(settings.warehouse / f"{file}.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("elsewhere", rows)
        layout = _layout(connection, f"{schema}.{name}")
        listed = ", ".join(f"cast({column} as {kind})" for column, kind in layout)
        return _unshared(connection, f"from {schema}.{name}", f"select {listed} from elsewhere")


def _unshared(connection: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> int:
    either = f"({ours} except all {theirs}) union all ({theirs} except all {ours})"
    ((rows,),) = connection.execute(f"select count(*) from ({either})").fetchall()
    return int(rows)


def _layout(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in connection.execute(f"describe {table}").fetchall()]
