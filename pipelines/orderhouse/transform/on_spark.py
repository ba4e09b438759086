"""Build on Spark: received rows out, every model computed on the cluster, the tables back into the DuckDB files.

Each run computes every table anew, into a folder of its own. The DuckDB files are replaced only after the cluster has
computed all of them. `building` decides when this is used, and records the build.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.spark.cluster import GONE, cluster_session, in_plain_words, is_lost
from orderhouse.spark.raw_export import export_sources, register_sources
from orderhouse.spark.storage import Storage
from orderhouse.spark.tables_back import fill_tables
from orderhouse.storage.build_record import BuildRecord
from orderhouse.storage.warehouse import connection_configuration
from orderhouse.transform.dbt import DUCKDB, SPARK, ModelEvent, invoke, parsed_project
from orderhouse.transform.variables import build_variables

__all__ = ["SparkEngine", "point_storage_at", "spark_engine"]

EPHEMERAL = "config.materialized:ephemeral"
VIEWS = "config.materialized:view"
EVERYTHING = [
    "build",
    "--full-refresh",
    "--fail-fast",
    "--resource-type",
    "seed",
    "--resource-type",
    "model",
    "--exclude",
    EPHEMERAL,
]
# Every table empty, with its types on DuckDB and its watermark; then, over the filled tables, the views.
EMPTY_TABLES = (["seed"], ["run", "--empty", "--exclude", EPHEMERAL])
FINISHED_VIEWS = ["run", "--select", VIEWS]


class SparkEngine:
    """A reachable cluster and its storage, for one build."""

    def __init__(self, settings: Settings, session: Any, storage: Storage) -> None:
        self.settings = settings
        self.session = session
        self.storage = storage

    def compute(
        self,
        record: BuildRecord,
        secrets: Mapping[str, str],
        on_event: Callable[[ModelEvent], None],
        command: Sequence[str] = EVERYTHING,
    ) -> Any:
        """Export the sources and compute every table on the cluster; return dbt's result."""
        self.storage.sweep_runs(self.settings.engine.keep_runs - 1)
        with contextlib.closing(self.sources()) as connection:
            exported = export_sources(connection, source_tables(self.settings), self.storage)
        register_sources(self.session, self.settings, exported, self.storage)
        prefix = f"{self.settings.engine.schema_prefix}_"
        for schema in sorted({schema for _, schema, _ in stored_tables(self.settings, with_views=True)}):
            self.session.sql(f"drop schema if exists {prefix}{schema} cascade").collect()

        lost: list[ModelEvent] = []
        steps = stored_steps(self.settings)

        def renamed(event: ModelEvent) -> None:
            if is_lost(event.message):
                lost.append(event)
            if event.status == "error" or event.unique_id not in steps:
                schema = event.schema.removeprefix(prefix)
                on_event(replace(event, schema=schema, message=in_plain_words(event.message)))

        variables = {**build_variables(record), "run_folder": self.storage.address("runs", run_of(record))}
        outcome = invoke(self.settings, command, variables=variables, secrets=secrets, on_event=renamed, target=SPARK)
        if not outcome.success and lost:
            raise OrderhouseError(f"{GONE} The published version is unchanged.")
        for schema, name in steps.values():
            self.storage.remove("runs", run_of(record), schema, name)
        return outcome

    def bring_back(self, record: BuildRecord, secrets: Mapping[str, str]) -> None:
        """Make the DuckDB files anew from the tables of the run.

        Raises:
            OrderhouseError: dbt could not create the tables, or a table has other columns than on the cluster.
        """
        for command in EMPTY_TABLES:
            self._create(command, record, secrets)
        fill_tables(self.settings, self.storage, run_of(record), stored_tables(self.settings))
        self._create(FINISHED_VIEWS, record, secrets)
        with duckdb.connect(str(self.settings.warehouse_db)) as warehouse:
            warehouse.execute("create or replace table meta.spark_run as select ?::varchar as run", [run_of(record)])
        checkpoint("spark_back")

    def _create(self, command: list[str], record: BuildRecord, secrets: Mapping[str, str]) -> None:
        outcome = invoke(self.settings, command, variables=build_variables(record), secrets=secrets)
        if not outcome.success:
            raise OrderhouseError(
                f"The tables of Spark could not be stored here. dbt's log is in {self.settings.logs}."
            )

    def sources(self) -> duckdb.DuckDBPyConnection:
        """Return a connection with the received rows and the predictions attached."""
        connection = duckdb.connect(":memory:", config=connection_configuration(self.settings))
        for path in (self.settings.raw_db, self.settings.predictions_db):
            location = str(path).replace("'", "''")
            connection.execute(f"attach '{location}' as {path.stem} (read_only)")
        return connection


@contextlib.contextmanager
def spark_engine(settings: Settings) -> Iterator[SparkEngine]:
    """Connect to the cluster and its storage.

    Raises:
        OrderhouseError: The extra, the cluster or the storage is missing.
    """
    storage = Storage(settings.engine)
    with cluster_session(settings.engine) as session:
        yield SparkEngine(settings, session, storage)


def point_storage_at(settings: Settings, record: BuildRecord) -> None:
    """Make the tables in the storage that the published build came from the current ones there."""
    with duckdb.connect(str(settings.warehouse_db), read_only=True) as warehouse:
        found = warehouse.execute(
            "select table_name from duckdb_tables() where schema_name = 'meta' and table_name = 'spark_run'"
        ).fetchall()
        runs = warehouse.execute("select run from meta.spark_run").fetchall() if found else []
    for (run,) in runs:
        storage = Storage(settings.engine)
        storage.point_at(run, build_id=record.build_id, batch_id=record.batch_id, as_of=record.as_of)
        storage.sweep_runs(settings.engine.keep_runs)


def run_of(record: BuildRecord) -> str:
    """Return the name of a build's folder in the storage. Names sort by time."""
    digits = "".join(character for character in record.wall_clock if character.isdigit())
    return f"{digits}-{record.build_id[:8]}"


def source_tables(settings: Settings) -> dict[str, tuple[str, str]]:
    """Return database and schema of each source of the dbt project, by `schema.table`."""
    sources = parsed_project(settings, DUCKDB).sources.values()
    return {f"{source.source_name}.{source.name}": (source.database, source.schema) for source in sources}


def stored_steps(settings: Settings) -> dict[str, tuple[str, str]]:
    """Return schema and name of each step of a model that only Spark stores, by unique id."""
    on_spark = parsed_project(settings, SPARK).nodes
    nodes = parsed_project(settings, DUCKDB).nodes.items()
    return {
        name: (node.schema, node.alias)
        for name, node in nodes
        if node.config.materialized == "ephemeral" and on_spark[name].config.materialized != "ephemeral"
    }


def stored_tables(settings: Settings, *, with_views: bool = False) -> list[tuple[str, str, str]]:
    """Return database, schema and name of each model that is a table on DuckDB; with its views and seeds if asked."""
    nodes = parsed_project(settings, DUCKDB).nodes.values()
    kinds = ("table", "incremental", "view", "seed") if with_views else ("table", "incremental")
    return sorted(
        (node.database, node.schema, node.alias)
        for node in nodes
        if node.resource_type in ("model", "seed") and node.config.materialized in kinds
    )
