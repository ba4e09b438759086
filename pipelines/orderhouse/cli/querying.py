"""Command that queries a published version, or the tables as known at an instant, with SQL.

The queries belong to `orderhouse.serve.querying`.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from orderhouse.cli.known import ClockThen, KnownAt, known_file
from orderhouse.cli.published import Version
from orderhouse.cli.session import console, counted, grid, settings_of
from orderhouse.errors import OrderhouseError

__all__ = ["add_commands"]

MOST_ROWS_SHOWN = 1_000


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(sql)


def sql(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="One statement that reads, such as: select * from ops.orders limit 10")],
    format: Annotated[str, typer.Option("--format", "-f", help="table, csv, json or parquet.")] = "table",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write. Default: the screen.")] = None,
    version: Version = None,
    known_at: KnownAt = None,
    as_of: ClockThen = None,
) -> None:
    """Query the published version. The query can change nothing and read no other files."""
    from orderhouse.serve.querying import QUERY_FORMATS, ask, write_answer

    if format not in QUERY_FORMATS:
        raise OrderhouseError(f"{format!r} is not an output format. Choose one of {', '.join(QUERY_FORMATS)}.")
    if format == "parquet" and output is None and sys.stdout.isatty():
        raise OrderhouseError("Parquet cannot be printed. Name a file with `--output`.")
    settings = settings_of(context)
    answer = ask(settings, query, version=version, path=known_file(settings, known_at, as_of, version))
    with contextlib.closing(answer.connection):
        if format == "table" and output is None:
            _print_answer(answer)
        elif output is None:
            write_answer(answer, format, sys.stdout.buffer)
        else:
            with output.open("wb") as sink:
                count = write_answer(answer, "csv" if format == "table" else format, sink)
            console.print(f"Wrote {counted(count, 'row')} to {output}.")


def _print_answer(answer: Any) -> None:
    numeric = [name for name, kind in zip(answer.columns, answer.types, strict=True) if _is_number(kind)]
    rows: list[tuple[Any, ...]] = []
    for row in answer.rows():
        if len(rows) == MOST_ROWS_SHOWN:
            console.print(f"The first {MOST_ROWS_SHOWN:,} rows. `--format csv` writes all of them.", style="yellow")
            break
        rows.append(row)
    console.print(grid(None, answer.columns, rows, numbers=numeric))
    console.print(counted(len(rows), "row"), style="dim")


def _is_number(kind: str) -> bool:
    return (
        kind.startswith(("DECIMAL", "NUMBER", "DOUBLE", "FLOAT", "REAL")) or kind.endswith("INT") or kind == "INTEGER"
    )
