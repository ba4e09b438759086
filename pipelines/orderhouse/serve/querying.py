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

from orderhouse.errors import OrderhouseError
from orderhouse.serve.relations import confine
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_built, open_published

__all__ = ["QUERY_FORMATS", "Answer", "ask", "json_text", "write_answer"]

QUERY_FORMATS = ("table", "csv", "json", "parquet")
BATCH = 10_000
ALLOWED = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


class Answer:
    """Result of one query; its rows are fetched on demand.

    Attributes:
        columns: Names of the columns.
        types: DuckDB types of the columns.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        self.connection = connection
        self.query = query
        self.relation = connection.sql(query)  # bound, not run
        self.columns: list[str] = list(self.relation.columns)
        self.types: list[str] = [str(kind) for kind in self.relation.types]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Run the query and yield its rows.

        Raises:
            OrderhouseError: The query fails on the data, for example by a cast.
        """
        with _database_errors():
            cursor = self.connection.execute(self.query)
            while batch := cursor.fetchmany(BATCH):
                yield from batch


@contextlib.contextmanager
def _database_errors() -> Iterator[None]:
    """Turn errors of DuckDB into OrderhouseError."""
    try:
        yield
    except duckdb.Error as error:
        raise OrderhouseError(str(error).strip()) from None


def ask(settings: Settings, query: str, *, version: int | None = None, path: Path | None = None) -> Answer:
    """Run one reading statement on a published version; close `answer.connection` when done.

    Args:
        settings: Settings of the home.
        query: The statement.
        version: A published version; the current one by default.
        path: Another file of the same tables, in place of a published version.

    Raises:
        OrderhouseError: Nothing is published, the query is not one reading statement, or DuckDB refuses it.
    """
    connection = confine(open_published(settings, version) if path is None else open_built(settings, path), settings)
    try:
        with _database_errors():
            statements = connection.extract_statements(query)
            if len(statements) != 1 or statements[0].type not in ALLOWED:
                raise OrderhouseError(
                    "Only one reading statement is allowed. Write one such as: select * from marts.fct_orders limit 10"
                )
            return Answer(connection, query.strip().rstrip(";"))
    except OrderhouseError:
        connection.close()
        raise


def write_answer(answer: Answer, format: str, sink: IO[bytes]) -> int:
    """Write an answer to a binary file.

    Args:
        answer: The answer.
        format: `csv`, `json` or `parquet`.
        sink: The file.

    Returns:
        The number of rows written.
    """
    if format == "parquet":
        return _write_parquet(answer, sink)
    if format == "json":
        return _write_json(answer, sink)
    return _write_csv(answer, sink)


def _write_csv(answer: Answer, sink: IO[bytes]) -> int:
    text = io.TextIOWrapper(sink, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    count = 0
    for count, row in enumerate(answer.rows(), 1):  # noqa: B007 - the last count is the result
        writer.writerow(row)
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
    with _database_errors(), pq.ParquetWriter(sink, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)
            count += batch.num_rows
    return count
