"""A build without dbt: run the kept statements of every model, or of those whose inputs changed.

Each model is computed in one transaction with its watermark and its version. Models come in the order in which dbt
computed them. If one fails, those that read it are skipped and the others are computed, as dbt does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import duckdb

from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.storage.built_tables import open_tables
from orderhouse.storage.database_files import make_database
from orderhouse.storage.sql_names import quote
from orderhouse.transform.dbt import ModelEvent
from orderhouse.transform.statements import KeptStatements, ModelStatements, columns_of, with_values
from orderhouse.transform.versions import Versions, content_version

__all__ = ["Outcome", "record_versions", "run_full", "run_increment"]

# First words of statements that return the number of rows that they changed in a stored table.
CHANGES_ROWS = ("delete", "insert", "update", "merge")
WATERMARKS = ".meta.watermarks"


@dataclass
class Outcome:
    """Result of a build.

    Attributes:
        skipped: Tables, as `schema/table`, whose inputs had not changed.
        failed: Events of the models that could not be computed.
    """

    skipped: list[str] = field(default_factory=list)
    failed: list[ModelEvent] = field(default_factory=list)


def run_full(
    settings: Settings,
    kept: KeptStatements,
    build_id: str,
    variables: Mapping[str, object],
    on_event: Callable[[ModelEvent], None],
) -> Outcome:
    """Compute every model into empty files, and return what failed. The arguments are those of `run_increment`."""
    for path in (settings.warehouse_db, settings.work_db):
        make_database(path)
    with open_tables(settings, work="read_write") as connection:
        for statement in kept.before:
            connection.execute(statement).fetchall()
        return _Run(connection, kept, build_id, variables, on_event).run()


def run_increment(
    settings: Settings,
    kept: KeptStatements,
    build_id: str,
    variables: Mapping[str, object],
    on_event: Callable[[ModelEvent], None],
) -> Outcome | None:
    """Bring every stored model up to date.

    Args:
        settings: Settings of the home.
        kept: The kept statements.
        build_id: Id of the build, which no other build has.
        variables: Variables of the build, with the salt of tracking ids.
        on_event: Called for each computed model when it starts and when it ends.

    Returns:
        What was skipped and what failed; None if a stored table has not the columns of its model, which dbt explains.
    """
    with open_tables(settings, work="read_write") as connection:
        stored = columns_of(connection)
        if any(stored.get(f"{each.database}.{each.schema}.{each.name}") != each.columns for each in kept.models):
            return None
        return _Run(connection, kept, build_id, variables, on_event).run()


def record_versions(settings: Settings, kept: KeptStatements, build_id: str, variables: Mapping[str, object]) -> None:
    """Record the versions of every stored table after dbt has computed all of them, so that the next build can skip.

    A kill leaves some of them unrecorded. Their models are run.
    """
    with open_tables(settings, work="read_write") as connection:
        versions = Versions(connection, kept.models, variables)
        for model in kept.models:
            if model.has_version:
                content = None if model.is_incremental else content_version(connection, _table(model))
                versions.record(connection, model, content or build_id)


class _Run:
    """One build."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        kept: KeptStatements,
        build_id: str,
        variables: Mapping[str, object],
        on_event: Callable[[ModelEvent], None],
    ) -> None:
        connection.execute("set preserve_insertion_order = false")  # as in `profiles.yml`
        self.connection, self.models, self.build_id = connection, kept.models, build_id
        self.variables, self.on_event = variables, on_event
        self.watermarks = _read_watermarks(connection)
        self.versions = Versions(connection, kept.models, variables)

    def run(self) -> Outcome:
        """Compute the models whose inputs changed; none of those in empty files has been computed."""
        result = Outcome()
        failed: set[str] = set()
        for model in self.models:
            if not failed.isdisjoint(model.reads):
                failed.add(model.unique_id)
            elif self.versions.is_current(model):
                result.skipped.append(f"{model.schema}/{model.name}")
            elif (event := self._computed(model)).status == "error":
                failed.add(model.unique_id)
                result.failed.append(event)
        return result

    def _computed(self, model: ModelStatements) -> ModelEvent:
        """Compute one model, and return the event of its end."""
        kind = "seed" if model.materialized == "seed" else "model"
        started = ModelEvent(model.unique_id, model.schema, model.name, kind, "started")
        self.on_event(started)
        began = time.perf_counter()
        # Temporary tables end with the cursor.
        with contextlib.closing(self.connection.cursor()) as cursor:
            try:
                cursor.execute("set TimeZone = 'UTC'")
                cursor.execute("begin")
                changed = self._changed_rows(cursor, model)
                if model.has_version:
                    self.versions.record(cursor, model, self._version(cursor, model, changed))
                checkpoint("model_computed")
                cursor.execute("commit")
                rows = None if model.materialized == "view" else _rows(cursor, model)
                ended = replace(started, status="success", rows=rows)
            except duckdb.Error as error:
                self.versions.forget(model)
                ended = replace(started, status="error", message=str(error))
        ended = replace(ended, seconds=time.perf_counter() - began)
        self.on_event(ended)
        return ended

    def _changed_rows(self, cursor: duckdb.DuckDBPyConnection, model: ModelStatements) -> int:
        """Run the statements of a model, and return how many rows they deleted and inserted."""
        changed = 0
        for marked in model.statements:
            statement = with_values(marked, self.variables, lambda *of: self.watermarks.get(of, -1))
            rows = cursor.execute(statement).fetchall()
            if marked.lower().startswith(CHANGES_ROWS) and WATERMARKS not in marked:
                changed += int(rows[0][0])
        return changed

    def _version(self, cursor: duckdb.DuckDBPyConnection, model: ModelStatements, changed: int) -> str:
        """Return the version of the table as the statements left it.

        That of a replaced table is its content. That of an incremental model stays if no row was deleted or inserted.
        """
        if not model.is_incremental:
            return content_version(cursor, _table(model))
        return self.build_id if changed else self.versions.of(model) or self.build_id


def _table(model: ModelStatements) -> str:
    return ".".join(quote(part) for part in (model.database, model.schema, model.name))


def _rows(cursor: duckdb.DuckDBPyConnection, model: ModelStatements) -> int:
    return int(cursor.execute(f"select count(*) from {_table(model)}").fetchall()[0][0])  # noqa: S608 - quoted


def _read_watermarks(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, ...], int]:
    found: dict[tuple[str, ...], int] = {}
    present = connection.execute(
        "select database_name from duckdb_tables() where schema_name = 'meta' and table_name = 'watermarks'"
    ).fetchall()
    for (database,) in present:
        rows = connection.execute(f"select model, batch_id from {database}.meta.watermarks").fetchall()  # noqa: S608
        found |= {(database, model): int(batch) for model, batch in rows}
    return found
