"""Layout of the raw database: ledgers, the rows of every feed, and the loads that rows belong to.

A load is one feed of one file in one batch. `received.<feed>` holds a feed's rows, each with the number of its load;
`received.loads` holds once what all rows of a load share. `raw.<feed>` is a view that joins the two and gives every row
its whole lineage; readers use the view. `orderhouse.ingest` decides what goes into the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from orderhouse.storage.raw_ledgers import RAW_LEDGERS
from orderhouse.storage.raw_views import create_raw_views
from orderhouse.storage.sql_names import quote

__all__ = ["create_raw_tables", "raw_schema", "received_columns"]

LOAD_ID = "_load_id"
# What a row has by its load; anything else of its lineage is its own.
OF_LOAD = {
    "_file_id": "file_id",
    "_received_at": "received_at",
    "_batch_id": "batch_id",
    "_source": "source",
    "_mapping_version": "mapping_version",
}
LOADS = """
create table if not exists received.loads (
    load_id bigint, file_id varchar, source varchar, mapping_version varchar, batch_id bigint, received_at timestamp
)
"""

Columns = Mapping[str, str]


def raw_schema() -> dict[str, dict[str, str]]:
    """Return columns and SQL types of every feed (from its contract) and every ledger, by name in `raw`."""
    return {**_feeds(), **RAW_LEDGERS}


def received_columns(feed: str) -> dict[str, str]:
    """Return the columns of a feed's table in `received`, with SQL types."""
    return _of_rows(_feeds()[feed])


def create_raw_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create missing tables and views, and the columns that contracts and ledgers have gained.

    Homes of the first releases have no loads: their rows are moved into the present layout, feed by feed.
    """
    connection.execute("create schema if not exists raw; create schema if not exists received")
    connection.execute(LOADS)
    existing: dict[tuple[str, str], list[str]] = {
        (schema, name): columns
        for schema, name, columns in connection.execute(
            "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
            "where schema_name in ('raw', 'received') group by all"
        ).fetchall()
    }
    before_loads = {
        name
        for (name,) in connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
    }
    for ledger, columns in RAW_LEDGERS.items():
        _create_table(connection, "raw", ledger, columns, existing)
    for feed, columns in _feeds().items():
        _create_table(connection, "received", feed, _of_rows(columns), existing)
        if feed in before_loads:
            _move(connection, feed, existing["raw", feed])
            del existing["raw", feed]
        if existing.get(("raw", feed)) != list(columns):
            connection.execute(f"create or replace view raw.{quote(feed)} as {_with_lineage(feed, columns)}")
    create_raw_views(connection)


def _feeds() -> dict[str, dict[str, str]]:
    from orderhouse.contracts import CONTRACTS, LINEAGE  # brings dataframely, a second that reading must not cost

    return {feed: {**contract.stored_columns(), **LINEAGE} for feed, contract in CONTRACTS.items()}


def _of_rows(columns: Columns) -> dict[str, str]:
    own = {name: sql_type for name, sql_type in columns.items() if name not in OF_LOAD}
    return {**own, LOAD_ID: "BIGINT"}


def _create_table(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    columns: Columns,
    existing: Mapping[tuple[str, str], Sequence[str]],
) -> None:
    """Create a table, or the columns that it lacks."""
    name = f"{schema}.{quote(table)}"
    if (schema, table) not in existing:
        definition = ", ".join(f"{quote(column)} {sql_type}" for column, sql_type in columns.items())
        connection.execute(f"create table {name} ({definition})")
        return
    for column, sql_type in columns.items():
        if column not in existing[schema, table]:
            connection.execute(f"alter table {name} add column {quote(column)} {sql_type}")


def _with_lineage(feed: str, columns: Columns) -> str:
    chosen = ", ".join(
        f"loads.{OF_LOAD[name]} as {quote(name)}" if name in OF_LOAD else f"feed.{quote(name)}" for name in columns
    )
    # named by the schema alone: readers attach the file under names of their own
    return (
        f"select {chosen} from received.{quote(feed)} as feed "  # noqa: S608 - names of contracts
        f"inner join received.loads as loads on loads.load_id = feed.{LOAD_ID}"
    )


def _move(connection: duckdb.DuckDBPyConnection, feed: str, columns: Sequence[str]) -> None:
    """Move rows that have their lineage beside them, in one transaction; they stand in the order of their loads."""
    table = f"raw.{quote(feed)}"
    same_load = " and ".join(f"loads.{of_load} is not distinct from feed.{name}" for name, of_load in OF_LOAD.items())
    shared = ", ".join(f"{name} as {of_load}" for name, of_load in OF_LOAD.items())
    own = ", ".join(f"feed.{quote(name)}" for name in columns if name not in OF_LOAD)
    connection.execute("begin")
    connection.execute(
        f"""
        insert into received.loads by name
        select
            (select coalesce(max(load_id), 0) from received.loads)
            + row_number() over (order by batch_id, source, file_id, mapping_version, received_at) as load_id, *
        from (select distinct {shared} from {table})
        """  # noqa: S608 - names of contracts
    )
    connection.execute(
        f"""
        insert into received.{quote(feed)} by name
        select {own}, loads.load_id as {LOAD_ID} from {table} as feed inner join received.loads as loads on {same_load}
        order by loads.load_id, feed._record
        """  # noqa: S608 - names of contracts
    )
    connection.execute(f"drop table {table}")
    connection.execute("commit")
