"""Worlds: the tables of the published definitions, computed in memory over chosen rows of the feeds.

A world holds the ledgers and the chosen rows up to the published batch, and the models that a question needs. Nothing
is written to the home. Which rows belong to a question is said in `selection`, answers in `explaining`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.serve.publishing import PublishedVersion, find_version
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, load_record
from orderhouse.storage.predictions import attach_predictions
from orderhouse.storage.raw_ledgers import RAW_LEDGERS
from orderhouse.storage.raw_views import RAW_VIEWS
from orderhouse.storage.readers import confine, limited_errors
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.compiled import CompiledModel, compiled_models, values_of_build
from orderhouse.transform.dbt import project_folder
from orderhouse.transform.fingerprint import project_hash

__all__ = ["World", "feeds_of", "open_world", "open_world_of"]

SEEDS = "seeds"
META = "meta"
# Models that any row can decide, such as one that names a warehouse. Chosen rows are judged by what all rows say.
OF_ALL_ROWS = ("int_warehouses",)


class World:
    """Models computed over chosen rows.

    Attributes:
        connection: The database in memory. `held` is the raw database of the home, `published` the published version;
            `raw`, `work` and `warehouse` are those of this world.
        models: The compiled models by name, in order.
        batch_id: The last batch whose rows count.
        values: The build's values by the marks in the compiled text.
        computed: Names of the models that are computed over the loaded rows.
        is_whole: True if every row is loaded.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, models: Mapping[str, CompiledModel], batch_id: int
    ) -> None:
        self.connection = connection
        self.models = models
        self.batch_id = batch_id
        self.values: dict[str, str] = {}
        self.computed: set[str] = set()
        self.is_whole = False
        self._columns: dict[tuple[str, str], dict[str, str]] | None = None

    def load(self, conditions: Mapping[str, str] | None = None) -> None:
        """Replace the rows of the feeds by chosen ones; all models have to be computed again.

        Args:
            conditions: A condition on the rows of each feed, which may name tables of this connection as
                `memory.main.<table>`. Without conditions every row is taken.
        """
        if conditions is None and self.is_whole:
            return
        self.is_whole = conditions is None
        self.computed.clear()
        for feed in feeds_of(self.connection):
            condition = "true" if conditions is None else conditions.get(feed, "true")
            self.connection.execute(
                f"create or replace table raw.raw.{quote(feed)} as select * from held.raw.{quote(feed)} as feed "  # noqa: S608
                f"where _batch_id <= ? and ({condition})",
                [self.batch_id],
            )

    def leave_out(self, feed: str, place: tuple[str, str, int]) -> None:
        """Take the rows of one record out of a feed; its source, file and record are given."""
        self.is_whole = False
        self.computed.clear()
        self.connection.execute(
            f"delete from raw.raw.{quote(feed)} where _source = ? and _file_id = ? and _record = ?",  # noqa: S608
            list(place),
        )

    def compute(self, name: str) -> None:
        """Compute a model and everything that it reads."""
        for each in self.ancestors(name):
            if each not in self.computed:
                model = self.models[each]
                kind = "view" if model.is_view else "table"
                place = f"{quote(model.database)}.{quote(model.schema)}.{quote(each)}"
                is_known = each in OF_ALL_ROWS and not self.is_whole
                text = f"from published.{quote(model.schema)}.{quote(each)}" if is_known else model.text(self.values)
                self.connection.execute(f"create or replace {kind} {place} as {text}")
                self.computed.add(each)
                self._columns = None

    def ancestors(self, name: str) -> list[str]:
        """Return a model and all models that it reads, in order."""
        wanted: set[str] = set()
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in self.models and each not in wanted:
                wanted.add(each)
                waiting += self.models[each].reads
        return [each for each in self.models if each in wanted]

    def columns_of(self, name: str) -> dict[str, str]:
        """Return the types of the columns of a computed model by name; nothing for one that is not computed."""
        if self._columns is None:
            self._columns = {}
            for schema, table, column, kind in self.connection.execute(
                "select schema_name, table_name, column_name, data_type from duckdb_columns() "
                "where database_name in ('work', 'warehouse')"
            ).fetchall():
                self._columns.setdefault((schema, table), {})[column] = kind
        return self._columns.get((self.models[name].schema, name), {})

    def place_of(self, name: str) -> str:
        """Return the quoted catalog, schema and table of a model."""
        model = self.models[name]
        return f"{quote(model.database)}.{quote(model.schema)}.{quote(name)}"


@contextlib.contextmanager
def open_world(settings: Settings) -> Iterator[World]:
    """Open a world of the published version, without rows.

    Raises:
        OrderhouseError: Nothing is published, the version is not the last build or was built by other definitions, or
            another process writes to the raw database.
    """
    version = find_version(settings)
    with open_world_of(settings, _build_of(settings, version), version.path) as world:
        yield world


@contextlib.contextmanager
def open_world_of(settings: Settings, record: BuildRecord, tables: Path) -> Iterator[World]:
    """Open a world of a build, without rows; `tables` is the file of its tables.

    Raises:
        OrderhouseError: Another process writes to the raw database.
    """
    models = compiled_models(settings, record)
    with contextlib.closing(open_raw(settings, read_only=True)) as connection:
        location = str(tables).replace("'", "''")
        connection.execute(f"attach '{location}' as published (read_only)")
        attach_predictions(connection, settings)
        for catalog in ("raw", "work", "warehouse"):
            connection.execute(f"attach ':memory:' as {catalog}")
        connection.execute("create schema raw.raw")
        for model in models.values():
            connection.execute(f"create schema if not exists {quote(model.database)}.{quote(model.schema)}")
        world = World(connection, models, record.batch_id)
        world.values = values_of_build(settings, record)
        _copy_seeds(connection)
        _create_logs(connection, models)
        _copy_ledgers(connection, record.batch_id)
        connection.execute("use warehouse")
        confine(connection, settings)
        with limited_errors(settings):
            yield world


def feeds_of(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the names of the feeds in the raw database that is attached as `held`."""
    found = connection.execute(
        "select table_name from duckdb_tables() "
        "where database_name = 'held' and schema_name = 'received' and table_name <> 'loads' order by 1"
    ).fetchall()
    return [name for (name,) in found]


def _build_of(settings: Settings, version: PublishedVersion) -> BuildRecord:
    record = load_record(settings)
    if record is None or record.build_id != version.build_id:
        raise OrderhouseError(
            f"Version {version.number} is not the last build, so its numbers cannot be derived again. "
            "Run `orderhouse run`, then ask again."
        )
    if record.fingerprint.get("the dbt project") != project_hash(project_folder()):
        raise OrderhouseError(
            f"Version {version.number} was built by other definitions than those installed now. "
            "Run `orderhouse run`, then ask again."
        )
    return record


def _copy_seeds(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create schema if not exists warehouse.{SEEDS}")
    found: list[tuple[Any, ...]] = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'published' and schema_name = ?", [SEEDS]
    ).fetchall()
    for (name,) in found:
        connection.execute(f"create table warehouse.{SEEDS}.{quote(name)} as from published.{SEEDS}.{quote(name)}")


def _create_logs(connection: duckdb.DuckDBPyConnection, models: Mapping[str, CompiledModel]) -> None:
    """Create the tables that are neither models nor seeds, without rows: logs that only builds of touched keys fill."""
    found: list[tuple[Any, ...]] = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'published'"
    ).fetchall()
    for schema, name in found:
        if schema not in (SEEDS, META) and name not in models:
            place = f"{quote(schema)}.{quote(name)}"
            connection.execute(f"create table warehouse.{place} as from published.{place} limit 0")


def _copy_ledgers(connection: duckdb.DuckDBPyConnection, batch_id: int) -> None:
    for ledger, columns in RAW_LEDGERS.items():
        condition = "batch_id <= $batch" if "batch_id" in columns else "$batch > 0"
        connection.execute(
            f"create table raw.raw.{quote(ledger)} as "  # noqa: S608 - our own names
            f"select * from held.raw.{quote(ledger)} where {condition}",
            {"batch": batch_id},
        )
    connection.execute("use raw.raw")
    for name, query in RAW_VIEWS.items():
        connection.execute(f"create view raw.raw.{quote(name)} as {query}")
