"""Files of lists: all rows of a query of a page as CSV, in the order of the page.

Exports of whole tables with a manifest belong in `exports`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from orderhouse.access.roles import Role
from orderhouse.errors import OrderhouseError
from orderhouse.serve.exports import guarded
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors
from orderhouse.storage.sql_names import quote

__all__ = ["listed_csv"]


def listed_csv(settings: Settings, role: Role, version: int, sql: str, parameters: Sequence[object]) -> bytes:
    """Return all rows of a query as CSV, with text guarded against spreadsheets.

    DuckDB writes the file in constant memory.

    Args:
        settings: Settings of the home.
        role: The role that asks; the file holds its rows and columns.
        version: Number of the published version.
        sql: The query, with its order. It is written by the pages, with placeholders for every value.
        parameters: The values.

    Raises:
        OrderhouseError: The role may not export, the version is gone, or the query reaches a limit.
    """
    if not role.exports:
        raise OrderhouseError(f"The role {role.name} may not export.")
    with (
        tempfile.TemporaryDirectory(prefix="orderhouse-list-") as folder,
        open_reader(
            settings, role=role, version=version, writable=Path(folder), seconds=settings.export_seconds
        ) as connection,
        limited_errors(settings),
    ):
        relation = connection.sql(sql, params=list(parameters))
        columns = [
            guarded(name) if str(kind) == "VARCHAR" else quote(name)
            for name, kind in zip(relation.columns, relation.types, strict=True)
        ]
        target = Path(folder) / "list.csv"
        location = str(target).replace("'", "''")
        query = f"copy (select {', '.join(columns)} from ({sql})) to '{location}' (format csv, header)"  # noqa: S608
        connection.execute(query, list(parameters)).fetchall()
        return target.read_bytes()
