"""Versions of tables, and of the inputs from which each was computed: what tells a build that a model need not run.

A version of a table moves only with its rows. `meta.versions` of each database holds, for each of its models, the
version of the table and a hash of the versions of everything that it reads. Both are written in the transaction of the
rows, so after a kill they say of the rows what is true. A model of which nothing is recorded is run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

import duckdb

from orderhouse.settings import Settings
from orderhouse.storage.sql_names import quote
from orderhouse.transform.statements import ModelStatements

__all__ = ["Versions", "content_version", "forget_versions"]

DATABASES = ("work", "warehouse")
CREATE = """
    create schema if not exists {database}.meta;
    create table if not exists {database}.meta.versions (
        model varchar not null, version varchar not null, inputs varchar not null
    )
"""
# Views that are dear to compute, each with the ledgers from which it is computed.
LEDGERS_OF = {
    "quarantined_rows": ("files", "quarantine", "repairs", "replays"),
    "quarantine_states": ("files", "quarantine", "repairs", "replays"),
}


class Versions:
    """Versions in the order of a build: each model is judged after those that it reads.

    Args:
        connection: The databases of a build, attached under the names that dbt gives them.
        models: The stored models.
        variables: Variables of the build that the statements may use.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        models: Iterable[ModelStatements],
        variables: Mapping[str, object],
    ) -> None:
        self._variables = variables
        self._recorded: dict[str, tuple[str, str]] = {}
        for database in DATABASES:
            connection.execute(CREATE.format(database=database))
            rows = connection.execute(f"select model, version, inputs from {database}.meta.versions").fetchall()  # noqa: S608
            self._recorded |= {model: (version, inputs) for model, version, inputs in rows}
        names = {name for model in models for name in model.reads if "." in name and not name.startswith("model.")}
        self._sources = source_versions(connection, names)

    def of(self, model: ModelStatements) -> str | None:
        """Return the version of a model's table, if one is recorded."""
        found = self._recorded.get(model.unique_id)
        return found[0] if found else None

    def is_current(self, model: ModelStatements) -> bool:
        """Return True if the table was computed from inputs that have not changed since."""
        found = self._recorded.get(model.unique_id)
        return found is not None and found[1] == self._inputs(model)

    def record(self, cursor: duckdb.DuckDBPyConnection, model: ModelStatements, version: str) -> None:
        """Record a table that was just computed, in the open transaction of its rows."""
        inputs, table = self._inputs(model) or "", f"{model.database}.meta.versions"
        known = cursor.execute(
            f"update {table} set version = ?, inputs = ? where model = ?",  # noqa: S608 - a fixed name
            [version, inputs, model.unique_id],
        ).fetchall()
        if not known[0][0]:
            cursor.execute(f"insert into {table} values (?, ?, ?)", [model.unique_id, version, inputs])  # noqa: S608
        self._recorded[model.unique_id] = (version, inputs)

    def forget(self, model: ModelStatements) -> None:
        """Take a model as unknown, because its transaction did not commit."""
        self._recorded.pop(model.unique_id, None)

    def _inputs(self, model: ModelStatements) -> str | None:
        """Return the hash of the versions of everything that a model reads; None if one of them has no version.

        The batch stamps the rows of an incremental model that are computed, and is no input of the others.
        """
        read: dict[str, str] = {}
        for name in model.reads:
            version = self._recorded[name][0] if name in self._recorded else self._sources.get(name)
            if version is None:
                return None
            read[name] = version
        for variable in ("as_of", "wall_clock", *([] if model.is_incremental else ["batch_id"])):
            if model.has_mark(variable):
                read[variable] = str(self._variables[variable])
        return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def content_version(cursor: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return a version that depends on the rows of a table and not on their order."""
    return str(cursor.execute(f"select {_content(table)}").fetchall()[0][0])


def source_versions(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> dict[str, str]:
    """Return the version of each source, `raw.<name>` or `predictions.<name>`.

    The rows of a feed are only added, so their number is a version. Ledgers and predictions are smaller and hashed.
    """
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'raw' and schema_name = 'received'"
    ).fetchall()
    feeds = {name for (name,) in rows}
    asked = sorted(names)
    wanted = {name for name in asked if name.partition(".")[2] not in LEDGERS_OF}
    wanted |= {f"raw.{ledger}" for name in asked for ledger in LEDGERS_OF.get(name.partition(".")[2], ())}
    queries = {name: _version_query(name, feeds) for name in sorted(wanted)}
    if not queries:
        return {}
    found: dict[str, str] = dict(
        connection.execute(
            " union all ".join(f"select '{name}', ({query})" for name, query in queries.items())  # noqa: S608
        ).fetchall()
    )
    for name in asked:
        ledgers = LEDGERS_OF.get(name.partition(".")[2])
        if ledgers:
            found[name] = "/".join(found[f"raw.{ledger}"] for ledger in ledgers)
    return {name: found[name] for name in asked}


def _version_query(name: str, feeds: set[str]) -> str:
    database, _, table = name.partition(".")
    if database == "raw" and table in feeds:
        return f"select count(*)::varchar from raw.received.{quote(table)}"  # noqa: S608 - a quoted name
    return f"select {_content(f'{database}.{database}.{quote(table)}')}"


def _content(table: str) -> str:
    """Return an expression of a subquery: number of rows, and two sums over a hash of each row."""
    return (
        f"(select concat_ws(':', count(*), coalesce(sum(hash(content)), 0), coalesce(bit_xor(hash(content, 1)), 0)) "  # noqa: S608
        f"from {table} as content)"
    )


def forget_versions(settings: Settings) -> None:
    """Remove every recorded version, before dbt computes tables without recording any."""
    for path in (settings.work_db, settings.warehouse_db):
        if path.exists():
            with duckdb.connect(str(path)) as connection:
                connection.execute("drop table if exists meta.versions")
