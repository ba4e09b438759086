"""SQL queries of readers on a published version: one read-only statement that can access only the published file."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import duckdb

from orderhouse.access.roles import OWNER, Role
from orderhouse.errors import OrderhouseError
from orderhouse.files.formula_guard import guarded
from orderhouse.serve.reading import open_reader
from orderhouse.settings import Settings
from orderhouse.storage.readers import limited_errors
from orderhouse.storage.typed_queries import check_query

__all__ = ["QUERY_FORMATS", "Answer", "ask", "json_text", "write_answer"]

QUERY_FORMATS = ("table", "csv", "json", "parquet")
BATCH = 10_000


class Answer:
    """Result of one query; its rows are fetched on demand.

    Attributes:
        columns: Names of the columns.
        types: DuckDB types of the columns.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, query: str, settings: Settings) -> None:
        self.connection = connection
        self.settings = settings
        self.query = query
        self.relation = connection.sql(query)  # bound, not run
        self.columns: list[str] = list(self.relation.columns)
        self.types: list[str] = [str(kind) for kind in self.relation.types]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Run the query and yield its rows.

        Raises:
            OrderhouseError: The query fails on the data, for example by a cast, or reaches a limit.
        """
        count = 0
        with _database_errors(self.settings):
            cursor = self.connection.execute(self.query)
            while batch := cursor.fetchmany(BATCH):
                count += len(batch)
                self.check_rows(count)
                yield from batch

    def count(self) -> int:
        """Return the number of rows of the whole answer, which the database counts.

        Raises:
            OrderhouseError: The query fails on the data, or reaches a limit.
        """
        with _database_errors(self.settings):
            found = self.relation.count("*").fetchall()
        return int(found[0][0])

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def check_rows(self, count: int) -> None:
        """Check a number of rows against the limit.

        Raises:
            OrderhouseError: The answer has more rows than allowed.
        """
        if count > self.settings.query_rows:
            raise OrderhouseError(
                f"The answer has more than {self.settings.query_rows:,} rows, the limit `query_rows`. "
                "Narrow the query, raise that setting, or write whole tables with `orderhouse export`."
            )


@contextlib.contextmanager
def _database_errors(settings: Settings) -> Iterator[None]:
    """Turn errors of DuckDB into OrderhouseError."""
    try:
        with limited_errors(settings):
            yield
    except duckdb.Error as error:
        raise OrderhouseError(str(error).strip()) from None


def ask(
    settings: Settings, query: str, *, version: int | None = None, path: Path | None = None, role: Role = OWNER
) -> Answer:
    """Run one reading statement on a published version; close `answer.connection` when done.

    Args:
        settings: Settings of the home.
        query: The statement.
        version: A published version; the current one by default.
        path: Another file of the same tables, in place of a published version.
        role: The role that reads.

    Raises:
        OrderhouseError: Nothing is published, the query is not one reading statement, or DuckDB refuses it.
    """
    connection = open_reader(settings, role=role, version=version, path=path)
    try:
        with _database_errors(settings):
            check_query(connection, query)
            return Answer(connection, query.strip().rstrip(";"), settings)
    except OrderhouseError:
        connection.close()
        raise


def write_answer(answer: Answer, format: str, sink: IO[bytes], *, guards_formulas: bool = True) -> int:
    """Write an answer to a binary file.

    Args:
        answer: The answer.
        format: `csv`, `json` or `parquet`.
        sink: The file.
        guards_formulas: True to guard text in CSV that a spreadsheet would run.

    Returns:
        The number of rows written.
    """
    if format == "parquet":
        return _write_parquet(answer, sink)
    if format == "json":
        return _write_json(answer, sink)
    return _write_csv(answer, sink, guard=guards_formulas)


def _write_csv(answer: Answer, sink: IO[bytes], *, guard: bool) -> int:
    text = io.TextIOWrapper(sink, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    count = 0
    for count, row in enumerate(answer.rows(), 1):  # noqa: B007 - the last count is the result
        writer.writerow([guarded(value) if isinstance(value, str) else value for value in row] if guard else row)
    text.flush()
    text.detach()
    return count


def _write_json(answer: Answer, sink: IO[bytes]) -> int:
    count = 0
    sink.write(b"[")
    for count, row in enumerate(answer.rows(), 1):  # noqa: B007 - the last count is the result
        pairs = (f"{json.dumps(name)}: {json_text(value)}" for name, value in zip(answer.columns, row, strict=True))
        sink.write((",\n " if count > 1 else "\n ").encode() + f"{{{', '.join(pairs)}}}".encode())
    sink.write(b"\n]\n" if count else b"]\n")
    return count


def json_text(value: Any) -> str:
    """Return a value as JSON. A decimal keeps all its digits, since it never becomes a float."""
    match value:
        case Decimal():
            return format(value, "f")
        case float() if value != value or abs(value) == float("inf"):
            return "null"
        case bool() | int() | float() | None:
            return json.dumps(value)
        case datetime():
            return json.dumps(value.isoformat() + ("" if value.tzinfo else "Z"))
        case date():
            return json.dumps(value.isoformat())
        case list() | tuple():
            return f"[{', '.join(json_text(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{json.dumps(str(key))}: {json_text(item)}' for key, item in value.items())}}}"
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def _write_parquet(answer: Answer, sink: IO[bytes]) -> int:
    import pyarrow.parquet as pq

    reader = answer.relation.to_arrow_reader(BATCH)
    count = 0
    with _database_errors(answer.settings), pq.ParquetWriter(sink, reader.schema, compression="zstd") as writer:
        for batch in reader:
            count += batch.num_rows
            answer.check_rows(count)
            writer.write_batch(batch)
    return count
