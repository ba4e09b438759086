"""Copies of published versions that hold only the tables, columns and rows of a role.

DuckDB's views hide nothing from SQL: an error message of a cast shows rows that a view filters out, `stats()` shows
the least and greatest value of all rows, and the file behind the view can be named. A connection on a copy has nothing
to find. A copy is made when the first reader of a role comes, and deleted with its version.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

import duckdb

from orderhouse.access.roles import Role
from orderhouse.access.row_keys import Joined, RowKeys, row_keys
from orderhouse.errors import OrderhouseError
from orderhouse.settings import Settings
from orderhouse.storage.file_locks import locked
from orderhouse.storage.machine_errors import machine_problem
from orderhouse.storage.readers import open_built
from orderhouse.storage.sql_names import quote
from orderhouse.storage.warehouse import connection_configuration

__all__ = ["copy_for", "tables_for"]

SCHEMAS = ("marts", "ops", "quality")
# Raised when the same role and version would give another copy.
FORM = 1

Columns = dict[str, list[str]]


def copy_for(settings: Settings, source: Path, role: Role) -> Path:
    """Return the copy of a file of published tables for a role; make it if it does not exist yet.

    Raises:
        OrderhouseError: The role names a column that no table has, or the file cannot be read.
    """
    folder = settings.role_copies / _identity(source)
    path = folder / f"{role.digest}-{_keys_digest()}.duckdb"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder / "lock"):
        if not path.exists():
            (folder / "source").write_text(str(source), encoding="utf-8")
            _clear(settings, folder)
            draft = folder / "draft.duckdb"
            draft.unlink(missing_ok=True)
            _write(settings, source, draft, role)
            draft.chmod(0o400)
            draft.replace(path)
    return path


def tables_for(settings: Settings, source: Path, role: Role) -> list[str]:
    """Return the tables of a file that a role sees, as `schema.table`, without making a copy.

    Raises:
        OrderhouseError: As `copy_for`.
    """
    with open_built(settings, source) as connection:
        present = _columns(connection)
    _check_columns(role, present, source)
    return [table for table in present if role.reads(table) and condition_of(table, role) is not None]


def _identity(source: Path) -> str:
    """Return a name that changes when the file is replaced."""
    found = source.stat()
    text = f"{source.resolve()}\n{found.st_size}\n{found.st_ctime_ns}\n{FORM}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keys_digest() -> str:
    declared = "\n".join(f"{table} {keys.model_dump_json()}" for table, keys in sorted(row_keys().items()))
    return hashlib.sha256(declared.encode()).hexdigest()[:8]


def _clear(settings: Settings, current: Path) -> None:
    """Delete the copies of files that were deleted or replaced. Readers that have one open can go on reading."""
    for folder in settings.role_copies.iterdir():
        named = folder / "source"
        if folder == current or not named.exists():
            continue
        source = Path(named.read_text(encoding="utf-8"))
        if not source.exists() or _identity(source) != folder.name:
            shutil.rmtree(folder, ignore_errors=True)


def _write(settings: Settings, source: Path, draft: Path, role: Role) -> None:
    with duckdb.connect(":memory:", config=connection_configuration(settings)) as connection:
        try:
            connection.execute(f"attach '{_literal(source)}' as held (read_only)")
            present = _columns(connection)
            _check_columns(role, present, source)
            connection.execute(f"attach '{_literal(draft)}' as copied")
            for schema in SCHEMAS:
                connection.execute(f"create schema copied.{schema}")
            # The stamp of the build names no record; exports state it.
            with suppress(duckdb.CatalogException):
                connection.execute("create schema copied.meta")
                connection.execute("create table copied.meta.build as from held.meta.build")
            _keep_values(connection, role)
            for table, columns in present.items():
                kept = _kept_columns(table, columns, role)
                condition = condition_of(table, role) if role.reads(table) and kept else None
                if condition is not None:
                    # A version of another release may lack the column that decides: then the table is refused.
                    with suppress(duckdb.BinderException):
                        connection.execute(_statement(table, kept, condition))
            connection.execute("detach copied")
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise machine_problem(error) or OrderhouseError(
                f"{source.name} cannot be read for the role {role.name}: {reason}. Run `orderhouse access check`."
            ) from None


def _kept_columns(table: str, columns: list[str], role: Role) -> list[str]:
    """Return the columns that a role sees. With row filters, those of a joined table are its properties."""
    keys = row_keys().get(table)
    joined = keys.joined if keys and role.rows else None
    seen = [column for column in columns if joined is None or column in joined.columns]
    return [column for column in seen if not role.hides(table, column)]


def _literal(path: Path) -> str:
    return str(path).replace("'", "''")


def _statement(table: str, columns: list[str], condition: str) -> str:
    chosen = ", ".join(f"rows0.{quote(column)}" for column in columns)
    name = _named(table)
    return f"create table copied.{name} as select {chosen} from held.{name} as rows0 where {condition}"  # noqa: S608


def _columns(connection: duckdb.DuckDBPyConnection) -> Columns:
    """Return the columns of every published table, by `schema.table`."""
    found = connection.execute(
        "select table_schema || '.' || table_name, list(column_name order by ordinal_position) "
        "from information_schema.columns where table_catalog = 'held' and list_contains(?, table_schema) "
        "group by all order by all",
        [list(SCHEMAS)],
    ).fetchall()
    return dict(found)


def _check_columns(role: Role, present: Columns, source: Path) -> None:
    """Refuse names of columns that no table has: a misspelt name would hide nothing."""
    every = {name for columns in present.values() for name in columns}
    full = {f"{table}.{name}" for table, columns in present.items() for name in columns}
    wanted = [(name, every | full) for name in role.hidden_columns if "*" not in name]
    wanted += [
        (name, set(present[table])) for table, names in role.columns.items() if table in present for name in names
    ]
    for name, known in wanted:
        if name not in known:
            nearest = get_close_matches(name, sorted(known), n=1, cutoff=0.0)
            hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
            raise OrderhouseError(f"The role {role.name} names the column {name!r}, which {source.name} lacks{hint}")


def _keep_values(connection: duckdb.DuckDBPyConnection, role: Role) -> None:
    """Store the values of each dimension in a table, so that conditions hold no values."""
    for dimension, values in role.rows.items():
        connection.execute(
            f"create table memory.main.kept_{dimension} as select unnest(?::varchar[]) as value", [values]
        )


def condition_of(table: str, role: Role, alias: str = "rows0") -> str | None:
    """Return the condition on the rows of a table that a role sees, or None if the table is refused to it.

    Args:
        table: The table, as `schema.table`.
        role: The role.
        alias: Name of the table in the query. Each column is named with it, so that none is taken from another table.
    """
    if not role.rows:
        return "true"
    keys = row_keys().get(table)
    if keys is None or keys.refused:
        return None
    if keys.shared:
        return "true"
    if keys.joined is not None:
        return _condition_of_joined(keys.joined, role, alias)
    return _condition_of_kpis(role, alias) if keys.kpis else _condition_of_rows(keys, role, alias)


def _condition_of_kpis(role: Role, alias: str) -> str | None:
    """Return the condition of figures: they know one dimension at a time."""
    if len(role.rows) != 1 or "legal_entity" in role.rows:
        return None
    (dimension,) = role.rows
    return f"{alias}.dimension = '{dimension}' and {_kept(alias, 'dimension_value', dimension)}"


def _condition_of_joined(joined: Joined, role: Role, alias: str) -> str | None:
    """Return the condition of things: a row that the role may see names them, in a table that the role reads."""
    inner = f"{alias}_"
    found = []
    for table, column in joined.by.items():
        condition = condition_of(table, role, inner) if role.reads(table) else None
        if condition is not None:
            named = f"select {inner}.{quote(column)} from held.{_named(table)} as {inner} where {condition}"  # noqa: S608
            found.append(f"{alias}.{quote(joined.key)} in ({named})")
    return f"({' or '.join(found)})" if found else None


def _condition_of_rows(keys: RowKeys, role: Role, alias: str) -> str | None:
    inner = f"{alias}_"
    parts = []
    missing = False
    for dimension in role.rows:
        if dimension in keys.columns:
            parts.append(_kept(alias, keys.columns[dimension], dimension))
        elif dimension in keys.through:
            way = keys.through[dimension]
            parts.append(_matching(alias, way.key, way.table, inner, _kept(inner, way.column, dimension)))
        else:
            missing = True
    if missing:
        if not keys.follows:
            return None
        ((column, leader),) = keys.follows.items()
        condition = condition_of(leader, role, inner)
        if condition is None:
            return None
        parts.append(_matching(alias, column, leader, inner, condition))
    return " and ".join(parts)


def _kept(alias: str, column: str, dimension: str) -> str:
    values = f"memory.main.kept_{dimension}"
    return f"{alias}.{quote(column)} in (select kept.value from {values} as kept)"  # noqa: S608 - names


def _matching(alias: str, column: str, table: str, inner: str, condition: str) -> str:
    found = f"select {inner}.{quote(column)} from held.{_named(table)} as {inner} where {condition}"  # noqa: S608 - names
    return f"{alias}.{quote(column)} in ({found})"


def _named(table: str) -> str:
    return ".".join(quote(part) for part in table.split("."))
