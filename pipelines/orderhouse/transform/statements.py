"""The SQL statements of an increment, recorded while dbt computes one and kept in the home.

dbt renders and runs the models of the first increment after a change of the definitions. Later increments run the kept
statements without dbt. The text has marks in the places of clock, batch, watermarks and the salt of tracking ids, so
that the salt is in no file. Which statements are run belongs to `increments`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, write_atomically
from orderhouse.storage.raw_tables import raw_schema
from orderhouse.transform.compiled import MARKS
from orderhouse.transform.dbt import ModelEvent, parsed_project, project_folder, target_folder
from orderhouse.transform.fingerprint import project_hash
from orderhouse.transform.shortcuts import replaced

__all__ = ["MARK_WATERMARKS", "ModelStatements", "Recorder", "kept_statements", "marked_variables", "with_values"]

# Number of the form in which statements are kept; a file of another form is recorded anew.
FORMAT = 2
# dbt variable that makes the macro `watermark` return a mark.
MARK_WATERMARKS = "mark_watermarks"
WATERMARK = re.compile(r"\bwatermark_of_(work|warehouse)__(\w+)\b")
# dbt names itself in a comment before each statement.
COMMENT = re.compile(r"^\s*/\*.*?\*/\s*", re.DOTALL)
NOT_STORED = ("view", "ephemeral")
# Statements that change nothing, and the borders of dbt's transactions: an increment has its own.
LEFT_OUT = ("SELECT", "TRANSACTION")


@dataclass(frozen=True)
class ModelStatements:
    """Statements that bring one stored model up to date.

    Attributes:
        unique_id: dbt's name of the model.
        database: `work` or `warehouse`.
        schema: Its schema.
        name: Its table.
        is_incremental: True if the statements replace rows, False if they replace the table.
        statements: Single statements with marks, in order.
        reads: The stored models that it reads, also through views and steps, by dbt's names, and sources as
            `raw.<name>` or `predictions.<name>`. Seeds change only with the definitions and are left out.
        columns: Columns of the stored table, in order.
    """

    unique_id: str
    database: str
    schema: str
    name: str
    is_incremental: bool
    statements: tuple[str, ...]
    reads: tuple[str, ...]
    columns: tuple[str, ...]

    def has_mark(self, variable: str) -> bool:
        """Return True if the statements use a variable of the build."""
        return any(str(MARKS[variable]) in statement for statement in self.statements)


def marked_variables(variables: Mapping[str, object]) -> dict[str, object]:
    """Return the variables of a build with marks in the places of clock, batch and salt, and with marked watermarks."""
    marks = {name: mark for name, mark in MARKS.items() if variables.get(name) != "data"}
    return {**variables, **marks, MARK_WATERMARKS: True}


def with_values(text: str, values: Mapping[str, object], watermark: Callable[[str, str], int]) -> str:
    """Return a statement with values in the places of its marks.

    Args:
        text: The marked statement.
        values: Values of the variables of the build, by name.
        watermark: Gives the watermark of a model, by database and table.
    """
    for name, mark in MARKS.items():
        text = text.replace(str(mark), str(values[name]))
    return WATERMARK.sub(lambda found: str(watermark(found[1], found[2])), text)


def kept_statements(settings: Settings, record: BuildRecord) -> list[ModelStatements] | None:
    """Return the statements of every stored model, in order; None if none are kept for the present definitions.

    A damaged file counts as none.
    """
    try:
        checksum, _, text = _file(settings, record).read_text(encoding="utf-8").partition("\n")
        if checksum != _checksum(text):
            return None
        kept = json.loads(text)
        return [ModelStatements(**{name: _plain(value) for name, value in each.items()}) for each in kept]
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _checksum(text: str) -> str:
    """Return the checksum of the kept text: a damaged statement may be one that runs."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _file(settings: Settings, record: BuildRecord) -> Path:
    shaping = [record.business_time_zone, record.reporting_currency, record.as_of_mode == "data"]
    state = [FORMAT, project_hash(project_folder()), shaping, raw_schema()]
    key = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
    return target_folder(settings) / f"increment-{key}.json"


class Recorder:
    """Recorder of the statements that dbt runs for each model.

    Statements reach the database with values in the places of their marks. dbt computes one model at a time.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values
        self.recorded: dict[str, list[str]] = {}
        self._present: str | None = None
        self._watermarks: dict[tuple[str, str], int] = {}

    def hear(self, event: ModelEvent) -> None:
        """Note which model the next statements belong to."""
        self._present = event.unique_id if event.status == "started" else None
        if self._present:
            self.recorded[self._present] = []

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Record what dbt executes."""
        from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper

        run = DuckDBCursorWrapper.execute

        def execute(cursor: Any, sql: str, bindings: Any = None) -> Any:
            if self._present and bindings is None:
                self.recorded[self._present].append(sql)
            return run(cursor, with_values(sql, self.values, lambda *of: self._watermark(cursor, *of)), bindings)

        with replaced(DuckDBCursorWrapper, "execute", execute):
            yield

    def _watermark(self, cursor: Any, database: str, table: str) -> int:
        """Return a watermark as it was when the model began."""
        if (database, table) not in self._watermarks:
            found = cursor._cursor.execute(
                f"select coalesce(max(batch_id), -1) from {database}.meta.watermarks where model = ?",  # noqa: S608
                [table],
            ).fetchall()
            self._watermarks[database, table] = int(found[0][0])
        return self._watermarks[database, table]

    def keep(self, settings: Settings, record: BuildRecord) -> None:
        """Keep the statements in the home, if every stored model was computed."""
        nodes = parsed_project(settings).nodes
        stored = {name for name, node in nodes.items() if _is_stored(node)}
        if not stored <= self.recorded.keys():
            return
        columns = _stored_columns(settings)
        computed = [name for name in self.recorded if name in stored]
        models = [_model(name, nodes, self.recorded[name], columns) for name in computed]
        file = _file(settings, record)
        for older in file.parent.glob("increment-*.json"):
            older.unlink(missing_ok=True)
        text = json.dumps([asdict(model) for model in models])
        write_atomically(file, f"{_checksum(text)}\n{text}")


def _is_stored(node: Any) -> bool:
    return str(node.resource_type) == "model" and node.config.materialized not in NOT_STORED


def _model(
    unique_id: str, nodes: Mapping[str, Any], recorded: list[str], columns: Mapping[str, tuple[str, ...]]
) -> ModelStatements:
    node = nodes[unique_id]
    return ModelStatements(
        unique_id=unique_id,
        database=node.database,
        schema=node.schema,
        name=node.alias,
        is_incremental=node.config.materialized == "incremental",
        statements=tuple(single for text in recorded for single in _single(COMMENT.sub("", text))),
        reads=tuple(sorted(_reads(unique_id, nodes))),
        columns=columns[f"{node.database}.{node.schema}.{node.alias}"],
    )


def _single(text: str) -> Iterator[str]:
    """Split a text into the statements that change something."""
    for statement in duckdb.extract_statements(text):
        if statement.type.name not in LEFT_OUT:
            yield statement.query.strip()


def _reads(unique_id: str, nodes: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name in nodes[unique_id].depends_on.nodes:
        if name.startswith("source."):
            found.add(".".join(name.split(".")[-2:]))
        elif name in nodes and _is_stored(nodes[name]):
            found.add(name)
        elif name in nodes and str(nodes[name].resource_type) == "model":
            found |= _reads(name, nodes)
    return found


def _stored_columns(settings: Settings) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in (settings.work_db, settings.warehouse_db):
        with duckdb.connect(str(path), read_only=True) as connection:
            found |= columns_of(connection)
    return found


def columns_of(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    """Return the columns of every table of the attached databases, by `database.schema.table`."""
    rows = connection.execute(
        "select database_name || '.' || schema_name || '.' || table_name, list(column_name order by column_index) "
        "from duckdb_columns() where not internal group by all"
    ).fetchall()
    return {name: tuple(columns) for name, columns in rows}
