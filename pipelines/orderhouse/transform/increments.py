"""An increment without dbt: run the kept statements of the models whose inputs changed, and skip the others.

Each model is computed in one transaction with its watermark and its version. Models come in the order in which dbt
computed them. If one fails, those that read it are skipped and the others are computed, as dbt does.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from orderhouse.faults import checkpoint
from orderhouse.settings import Settings
from orderhouse.storage.built_tables import open_tables
from orderhouse.storage.sql_names import quote
from orderhouse.transform.dbt import ModelEvent
from orderhouse.transform.statements import ModelStatements, columns_of, with_values
from orderhouse.transform.versions import Versions, content_version

__all__ = ["Increment", "run_increment"]

# First words of statements that return the number of rows that they changed in a stored table.
CHANGES_ROWS = ("delete", "insert", "update", "merge")
WATERMARKS = ".meta.watermarks"


@dataclass
class Increment:
    """Result of an increment.

    Attributes:
        skipped: Tables, as `schema/table`, whose inputs had not changed.
        failed: Events of the models that could not be computed.
    """

    skipped: list[str] = field(default_factory=list)
    failed: list[ModelEvent] = field(default_factory=list)


def run_increment(
    settings: Settings,
    models: Sequence[ModelStatements],
    build_id: str,
    variables: Mapping[str, object],
    on_event: Callable[[ModelEvent], None],
) -> Increment | None:
    """Bring every stored model up to date.

    Args:
        settings: Settings of the home.
        models: The stored models, each after those that it reads.
        build_id: Id of the build, which no other build has.
        variables: Variables of the build, with the salt of tracking ids.
        on_event: Called for each computed model when it starts and when it ends.

    Returns:
        What was skipped and what failed; None if a stored table has not the columns of its model, which dbt explains.
    """
    with open_tables(settings, work="read_write") as connection:
        connection.execute("set preserve_insertion_order = false")  # as in `profiles.yml`
        stored = columns_of(connection)
        if any(stored.get(f"{each.database}.{each.schema}.{each.name}") != each.columns for each in models):
            return None
        return _Run(connection, models, build_id, variables, on_event).run()


class _Run:
    """One increment."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        models: Sequence[ModelStatements],
        build_id: str,
        variables: Mapping[str, object],
        on_event: Callable[[ModelEvent], None],
    ) -> None:
        self.connection, self.models, self.build_id = connection, models, build_id
        self.variables, self.on_event = variables, on_event
        self.watermarks = _read_watermarks(connection)
        self.versions = Versions(connection, models, variables)

    def run(self) -> Increment:
        """Compute the models whose inputs changed."""
        result = Increment()
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
        started = ModelEvent(model.unique_id, model.schema, model.name, "model", "started")
        self.on_event(started)
        began = time.perf_counter()
        # Temporary tables end with the cursor.
        with contextlib.closing(self.connection.cursor()) as cursor:
            try:
                cursor.execute("set TimeZone = 'UTC'")
                cursor.execute("begin")
                self.versions.record(cursor, model, self._version(cursor, model, self._changed_rows(cursor, model)))
                checkpoint("increment_computed")
                cursor.execute("commit")
                ended = replace(started, status="success", rows=_rows(cursor, model))
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
