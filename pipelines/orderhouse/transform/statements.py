"""The SQL statements of a build, recorded while dbt computes one and kept in the home.

dbt renders and runs the models of the first full build after a change of the definitions, and of the first increment.
Later ones run the kept statements without dbt. The text has marks in the places of clock, batch, watermarks, the
salt of tracking ids and the folder of the project, so that the salt is in no file. Which statements are run belongs to
`kept_builds`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, write_atomically
from orderhouse.storage.raw_tables import raw_schema
from orderhouse.transform import dbt
from orderhouse.transform.compiled import MARKS
from orderhouse.transform.dbt import ModelEvent, parsed_project, target_folder
from orderhouse.transform.fingerprint import project_hash
from orderhouse.transform.shortcuts import replaced

__all__ = [
    "MARK_WATERMARKS",
    "KeptStatements",
    "ModelStatements",
    "Recorder",
    "copy_kept",
    "kept_statements",
    "marked_variables",
    "with_values",
]

Extent = Literal["full", "increment"]

# Number of the form in which statements are kept; a file of another form is recorded anew.
FORMAT = 3
# dbt variable that makes the macro `watermark` return a mark.
MARK_WATERMARKS = "mark_watermarks"
WATERMARK = re.compile(r"\bwatermark_of_(work|warehouse)__(\w+)\b")
# dbt names itself in a comment before each statement.
COMMENT = re.compile(r"^\s*/\*.*?\*/\s*", re.DOTALL)
NOT_STORED = ("view", "ephemeral")
# Statements that change nothing, and the borders of dbt's transactions: a build has its own.
LEFT_OUT = ("SELECT", "TRANSACTION")
# What dbt executes before the first model: schemas, and the hooks of the start of a run.
BEFORE = ""
HOOK = "operation."
# Mark for the folder of the dbt project, from which seeds are read: each installation has its own.
PROJECT = "(the folder of the project)"


@dataclass(frozen=True)
class ModelStatements:
    """Statements that compute one model or seed, or bring it up to date.

    Attributes:
        unique_id: dbt's name of the model.
        database: `work` or `warehouse`.
        schema: Its schema.
        name: Its table or view.
        materialized: `table`, `incremental`, `view` or `seed`.
        statements: Single statements with marks, in order.
        reads: The stored models that it reads, also through views and steps, by dbt's names, and sources as
            `raw.<name>` or `predictions.<name>`. Seeds change only with the definitions and are left out.
        columns: Columns of the stored table, in order; none of a view.
    """

    unique_id: str
    database: str
    schema: str
    name: str
    materialized: str
    statements: tuple[str, ...]
    reads: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def is_incremental(self) -> bool:
        """Return True if an increment replaces rows, False if it replaces the table."""
        return self.materialized == "incremental"

    @property
    def has_version(self) -> bool:
        """Return True if the model is a stored table whose rows may change between builds."""
        return self.materialized in ("table", "incremental")

    def has_mark(self, variable: str) -> bool:
        """Return True if the statements use a variable of the build."""
        return any(str(MARKS[variable]) in statement for statement in self.statements)


@dataclass(frozen=True)
class KeptStatements:
    """Statements of a build.

    Attributes:
        before: Statements that come before the first model.
        models: The computed models and seeds, each after those that it reads. Those of an increment are stored tables.
    """

    before: tuple[str, ...]
    models: tuple[ModelStatements, ...]


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
    text = text.replace(PROJECT, _folder())
    return WATERMARK.sub(lambda found: str(watermark(found[1], found[2])), text)


def _folder() -> str:
    """Return the folder of the project as it stands in a text of SQL."""
    return str(dbt.project_folder()).replace("'", "''")


def kept_statements(settings: Settings, record: BuildRecord, extent: Extent) -> KeptStatements | None:
    """Return the statements of a full build or of an increment; None if none are kept for the present definitions.

    A damaged file counts as none.
    """
    try:
        checksum, _, text = _file(settings, record, extent).read_text(encoding="utf-8").partition("\n")
        if checksum != _checksum(text):
            return None
        kept = json.loads(text)
        models = (ModelStatements(**{name: _plain(value) for name, value in each.items()}) for each in kept["models"])
        return KeptStatements(tuple(kept["before"]), tuple(models))
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def copy_kept(settings: Settings, copy: Settings) -> None:
    """Give a copy of a home the statements of full builds that the home keeps."""
    for file in target_folder(settings).glob("full-*.json"):
        shutil.copy(file, target_folder(copy) / file.name)


def _checksum(text: str) -> str:
    """Return the checksum of the kept text: a damaged statement may be one that runs."""
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _file(settings: Settings, record: BuildRecord, extent: Extent) -> Path:
    shaping = [record.business_time_zone, record.reporting_currency, record.as_of_mode == "data"]
    state = [FORMAT, project_hash(dbt.project_folder()), shaping, raw_schema()]
    key = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
    return target_folder(settings) / f"{extent}-{key}.json"


class Recorder:
    """Recorder of the statements that dbt runs for each model.

    Statements reach the database with values in the places of their marks. dbt computes one model at a time.

    Args:
        extent: What dbt computes.
        values: Values of the variables of the build, by name.
    """

    def __init__(self, extent: Extent, values: Mapping[str, object]) -> None:
        self.extent: Extent = extent
        self.values = values
        self.recorded: dict[str, list[str]] = {BEFORE: []}
        self._present: str | None = BEFORE
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
            if self._present is not None and bindings is None:
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

    def keep(self, settings: Settings, record: BuildRecord) -> KeptStatements | None:
        """Keep the statements in the home, and return them; None if not every model was computed."""
        nodes = parsed_project(settings).nodes
        expected = {name for name, node in nodes.items() if _is_computed(node, self.extent)}
        if not expected <= self.recorded.keys():
            return None
        columns = _stored_columns(settings)
        computed = [name for name in self.recorded if name in expected]
        kept = KeptStatements(
            self._before() if self.extent == "full" else (),
            tuple(_model(name, nodes, self.recorded[name], columns) for name in computed),
        )
        file = _file(settings, record, self.extent)
        for older in file.parent.glob(f"{self.extent}-*.json"):
            older.unlink(missing_ok=True)
        text = json.dumps(asdict(kept))
        write_atomically(file, f"{_checksum(text)}\n{text}")
        return kept

    def _before(self) -> tuple[str, ...]:
        texts = [
            text for name in self.recorded if name == BEFORE or name.startswith(HOOK) for text in self.recorded[name]
        ]
        return tuple(statement for text in texts for statement in _single(text))


def _is_computed(node: Any, extent: Extent) -> bool:
    """Tell if a node is computed in every build of an extent."""
    kind, materialized = str(node.resource_type), node.config.materialized
    if extent == "full":
        return kind in ("model", "seed") and materialized != "ephemeral"
    return kind == "model" and materialized not in NOT_STORED


def _is_stored(node: Any) -> bool:
    return _is_computed(node, "increment")


def _model(
    unique_id: str, nodes: Mapping[str, Any], recorded: list[str], columns: Mapping[str, tuple[str, ...]]
) -> ModelStatements:
    node = nodes[unique_id]
    return ModelStatements(
        unique_id=unique_id,
        database=node.database,
        schema=node.schema,
        name=node.alias,
        materialized=node.config.materialized,
        statements=tuple(single for text in recorded for single in _single(text)),
        reads=tuple(sorted(_reads(unique_id, nodes))),
        columns=columns.get(f"{node.database}.{node.schema}.{node.alias}", ()),
    )


def _single(text: str) -> Iterator[str]:
    """Split a text into the statements that change something."""
    for statement in duckdb.extract_statements(COMMENT.sub("", text)):
        if statement.type.name not in LEFT_OUT:
            yield statement.query.strip().replace(_folder(), PROJECT)


def _reads(unique_id: str, nodes: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for name in getattr(nodes[unique_id].depends_on, "nodes", ()):  # a seed reads nothing
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
