"""Exports: write published tables as CSV, Parquet or XLSX, with a signed manifest that allows their verification.

Files are written in constant memory (DuckDB's COPY; row by row for XLSX). They appear under their names only when
complete, the manifest last. In CSV, text that a spreadsheet would run as a formula is guarded by default (see
`files.formula_guard`), because feeds contain text of strangers. Parquet and XLSX store text as text. Verification
belongs to `verifying`.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote as percent_encoded

import duckdb

from orderhouse.access.roles import OWNER, Role
from orderhouse.errors import OrderhouseError
from orderhouse.files.formula_guard import FORMULA
from orderhouse.serve.manifest import MANIFEST_VERSION, ExportedTable, Manifest, describe_file, read_manifest
from orderhouse.serve.places import fetch, is_remote, scratch_folder, send
from orderhouse.serve.publishing import PublishedVersion, find_version
from orderhouse.serve.reading import open_reader
from orderhouse.serve.relations import find_table, quoted
from orderhouse.serve.spreadsheets import write_spreadsheet
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors
from orderhouse.storage.sql_names import quote
from orderhouse.storage.typed_queries import check_query
from orderhouse.vault.keys import load_keys
from orderhouse.vault.signing import key_name, public_key_of, sign

__all__ = [
    "COPY_OPTIONS", "FORMATS", "MANIFEST_NAME", "export", "guarded", "origin_of", "query_of", "signed_manifest",
    "write_table",
]  # fmt: skip

FORMATS = ("csv", "parquet", "xlsx")
MANIFEST_NAME = "manifest.json"
COPY_OPTIONS = {"csv": "format csv, header", "parquet": "format parquet, compression zstd"}
NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def export(
    settings: Settings,
    tables: Sequence[str],
    *,
    format: str,
    to: str,
    where: str | None = None,
    partition_by: Sequence[str] = (),
    version: int | None = None,
    guards_formulas: bool = True,
    role: Role = OWNER,
) -> Manifest:
    """Write published tables as files.

    Args:
        settings: Settings of the home.
        tables: Names of tables, with or without schema.
        format: `csv`, `parquet` or `xlsx`.
        to: A folder, or an address such as `s3://bucket/folder`.
        where: A condition on the rows of all tables, in SQL.
        partition_by: Columns whose values split the files, with one folder `column=value` each.
        version: Number of the published version; the current one by default.
        guards_formulas: True to put an apostrophe before text in CSV that a spreadsheet would run.
        role: The role that exports; the files hold its rows and columns.

    Returns:
        The manifest, which is also written beside the files.

    Raises:
        OrderhouseError: Nothing is published, or a table, column, format or condition is not valid, or the role may
            not export.
        StoreRefused: The object store refuses to answer.
    """
    if not role.exports:
        raise OrderhouseError(f"The role {role.name} may not export.")
    if format not in FORMATS:
        raise OrderhouseError(f"{format!r} is not an export format. Choose one of {', '.join(FORMATS)}.")
    source = find_version(settings, version)
    guard = guards_formulas and format == "csv"
    parent = settings.exports if is_remote(to) else Path(to)
    with (
        scratch_folder(parent) as folder,
        open_reader(
            settings, role=role, version=source.number, writable=folder, seconds=settings.export_seconds
        ) as connection,
        limited_errors(settings),
    ):
        found = list(dict.fromkeys(find_table(connection, name) for name in tables))
        _check_names(found)
        written = [
            write_table(connection, query_of(connection, table, where, guard=guard), format, partition_by, folder)
            for table in found
        ]
        manifest = signed_manifest(
            settings, source, origin_of(connection), format, written, where=where, partition_by=partition_by,
            guard=guard, role=role,
        )  # fmt: skip
        (folder / MANIFEST_NAME).write_text(manifest.to_json(), encoding="utf-8")
        names = [file.path for table in written for file in table.files]
        send(folder, to, [*names, MANIFEST_NAME], instead_of=_former_files(to, found) - set(names))
    return manifest


def _check_names(tables: Sequence[str]) -> None:
    names = [table.rpartition(".")[2] for table in tables]
    for table, name in zip(tables, names, strict=True):
        if names.count(name) > 1:
            raise OrderhouseError(f"Two tables are called {name}, {table} among them. Export them to two folders.")


def _former_files(to: str, tables: Sequence[str]) -> set[str]:
    """Return the files that an earlier export of these tables left at a place, as its manifest names them."""
    with tempfile.TemporaryDirectory(prefix="orderhouse-manifest-") as folder, contextlib.suppress(OrderhouseError):
        former = read_manifest(fetch(to, MANIFEST_NAME, Path(folder)))
        return {file.path for table in former.tables if table.table in tables for file in table.files}
    return set()


def origin_of(connection: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return the store id and the lineage with which a version is stamped; empty if an earlier release built it."""
    try:
        stamp = connection.execute("select * from meta.build")
    except duckdb.CatalogException:
        return "", ""
    names = [column[0] for column in stamp.description or []]
    values = dict(zip(names, stamp.fetchall()[0], strict=True))
    return values.get("store_id", ""), values.get("lineage", "")


def signed_manifest(
    settings: Settings,
    source: PublishedVersion,
    origin: tuple[str, str],
    format: str,
    tables: list[ExportedTable],
    *,
    guard: bool,
    role: Role,
    where: str | None = None,
    partition_by: Sequence[str] = (),
) -> Manifest:
    """Return the manifest of files that were written, signed with the key of the home.

    Args:
        settings: Settings of the home.
        source: The published version.
        origin: Its store id and lineage, see `origin_of`.
        format: Format of the files.
        tables: Their description.
        guard: True if text was guarded against spreadsheets.
        role: The role whose rows and columns they hold.
        where: The condition on rows, if any.
        partition_by: The columns that split the files, if any.
    """
    keys = load_keys(settings)
    manifest = Manifest(
        manifest_version=MANIFEST_VERSION,
        store_id=origin[0],
        lineage=origin[1],
        version=source.number,
        build_id=source.build_id,
        as_of=source.as_of,
        batch_id=source.batch_id,
        format=format,
        where=where,
        partition_by=list(partition_by),
        guards_formulas=guard,
        exported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        role=None if role.sees_everything else role.name,
        role_digest=None if role.sees_everything else role.digest,
        key=key_name(public_key_of(keys)),
        tables=tables,
    )
    return replace(manifest, signature=sign(keys, manifest.content))


def query_of(connection: duckdb.DuckDBPyConnection, table: str, where: str | None, *, guard: bool) -> tuple[str, str]:
    """Return a table and the query of its export.

    Raises:
        OrderhouseError: The condition is not one condition, or does not fit the table.
    """
    columns = connection.execute(f"describe {quoted(table)}").fetchall()
    chosen = [guarded(name) if guard and kind == "VARCHAR" else quote(name) for name, kind, *_ in columns]
    query = f"select {', '.join(chosen)} from {quoted(table)}"  # noqa: S608 - names quoted
    if where is None:
        return table, query
    query = f"{query} where ({where})"
    try:
        check_query(connection, query)
        connection.execute(f"explain {query}").fetchall()
    except OrderhouseError as error:
        raise OrderhouseError(f"--where {where!r} is not one condition on rows. {error.message}") from None
    except duckdb.Error as error:
        raise OrderhouseError(f"--where {where!r} does not fit {table}: {str(error).splitlines()[0]}") from None
    return table, query


def guarded(name: str) -> str:
    """Return a column of text as SQL that guards it against spreadsheets."""
    column, pattern = quote(name), FORMULA.replace("'", "''")
    return f"case when regexp_matches({column}, '{pattern}') then '''' || {column} else {column} end as {column}"


def write_table(
    connection: duckdb.DuckDBPyConnection,
    chosen: tuple[str, str],
    format: str,
    partition_by: Sequence[str],
    folder: Path,
) -> ExportedTable:
    """Write one table into a folder, and return its description for the manifest.

    Args:
        connection: A published version that may write into the folder.
        chosen: The table and its query.
        format: `csv`, `parquet` or `xlsx`.
        partition_by: Columns that split the files.
        folder: The folder.
    """
    table, query = chosen
    described = connection.execute(f"describe {query}").fetchall()
    columns = [[str(name), str(kind)] for name, kind, *_ in described]
    _check_partitions(partition_by, [name for name, _ in columns], table)
    name = table.split(".")[1]
    if format == "xlsx":
        rows = _write_spreadsheets(connection, query, name, partition_by, folder)
    else:
        rows = _copy(connection, query, name, format, partition_by, folder)
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and _belongs(path.relative_to(folder), name))
    return ExportedTable(table, query, columns, rows, [describe_file(path, folder) for path in paths])


def _check_partitions(partition_by: Sequence[str], names: list[str], table: str) -> None:
    for column in partition_by:
        if column not in names:
            raise OrderhouseError(f"{table} has no column {column!r} to partition by. It has {', '.join(names)}.")


def _belongs(path: Path, name: str) -> bool:
    return path.parts[0] == name or path.stem == name


def _copy(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    name: str,
    format: str,
    partition_by: Sequence[str],
    folder: Path,
) -> int:
    options = COPY_OPTIONS[format]
    target = folder / f"{name}.{format}"
    if partition_by:
        target = folder / name
        options += (
            f", partition_by ({', '.join(quote(column) for column in partition_by)}), write_partition_columns true"
        )
    location = str(target).replace("'", "''")
    copied = connection.execute(f"copy ({query}) to '{location}' ({options})").fetchone()
    return int(copied[0]) if copied else 0


def _write_spreadsheets(
    connection: duckdb.DuckDBPyConnection, query: str, name: str, partition_by: Sequence[str], folder: Path
) -> int:
    """Write one sheet per file, with fully ordered rows, so that the same rows give the same file."""
    if not partition_by:
        return write_spreadsheet(connection, f"{query} order by all", name, folder / f"{name}.xlsx")
    keys = ", ".join(quote(column) for column in partition_by)
    values = connection.execute(
        f"select distinct {keys} from ({query}) as exported order by all"  # noqa: S608 - names quoted
    ).fetchall()
    return sum(
        _write_partition(connection, query, name, list(zip(partition_by, row, strict=True)), folder) for row in values
    )


def _write_partition(
    connection: duckdb.DuckDBPyConnection, query: str, name: str, values: list[tuple[str, object]], folder: Path
) -> int:
    parts = [
        f"{column}={NO_PARTITION if value is None else percent_encoded(str(value), safe='')}"
        for column, value in values
    ]
    path = folder.joinpath(name, *parts, f"{name}.xlsx")
    path.parent.mkdir(parents=True, exist_ok=True)
    condition = " and ".join(
        f"{quote(column)}::varchar is not distinct from {_text(value)}" for column, value in values
    )
    part = f"select * from ({query}) as exported where {condition} order by all"  # noqa: S608 - names and values quoted
    return write_spreadsheet(connection, part, name, path)


def _text(value: object) -> str:
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"
