"""Command that queries a published version, or the tables as known at an instant, with SQL.

The queries belong to `orderhouse.serve.querying`.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.measure import Measurement
from rich.rule import Rule
from rich.table import Table

from orderhouse.cli.access import AsRole, record_use, role_given
from orderhouse.cli.known import ClockThen, KnownAt, known_file
from orderhouse.cli.published import Version
from orderhouse.cli.session import console, counted, grid, settings_of, shown
from orderhouse.errors import OrderhouseError

if TYPE_CHECKING:
    from orderhouse.serve.querying import Answer

__all__ = ["add_commands"]

MOST_ROWS_SHOWN = 1_000
MOST_RECORDS_SHOWN = 100
UNLIMITED = 1_000_000


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
    guard: Annotated[
        bool, typer.Option(help="In CSV, put an apostrophe before text that a spreadsheet would run as a formula.")
    ] = True,
    as_role: AsRole = None,
) -> None:
    """Query the published version. The query can change nothing and read no other files."""
    from orderhouse.serve.querying import QUERY_FORMATS, ask, write_answer
    from orderhouse.storage.readers import bounded_process

    if format not in QUERY_FORMATS:
        raise OrderhouseError(f"{format!r} is not an output format. Choose one of {', '.join(QUERY_FORMATS)}.")
    if format == "parquet" and output is None and sys.stdout.isatty():
        raise OrderhouseError("Parquet cannot be printed. Name a file with `--output`.")
    settings = settings_of(context)
    role = role_given(settings, as_role)
    record_use(settings, as_role, "query", query)
    path = known_file(settings, known_at, as_of, version)
    with (
        bounded_process(settings, settings.query_seconds),
        contextlib.closing(ask(settings, query, version=version, path=path, role=role)) as answer,
    ):
        if format == "table" and output is None:
            _print_answer(answer)
        elif output is None:
            write_answer(answer, format, sys.stdout.buffer, guards_formulas=guard)
        else:
            with output.open("wb") as sink:
                count = write_answer(answer, "csv" if format == "table" else format, sink, guards_formulas=guard)
            console.print(f"Wrote {counted(count, 'row')} to {output}.")


def _print_answer(answer: Answer) -> None:
    """Print the first rows: as a table if they fit the screen, otherwise as records with one column per line."""
    numeric = [name for name, kind in zip(answer.columns, answer.types, strict=True) if _is_number(kind)]
    rows = list(itertools.islice(answer.rows(), MOST_ROWS_SHOWN + 1))
    has_more = len(rows) > MOST_ROWS_SHOWN
    table = grid(None, answer.columns, rows[:MOST_ROWS_SHOWN], numbers=numeric)
    if not rows or _width(table) <= console.width:
        console.print(table)
        shown_rows = min(len(rows), MOST_ROWS_SHOWN)
    else:
        shown_rows = min(len(rows), MOST_RECORDS_SHOWN)
        total = "" if has_more else f" of {len(rows):,}"
        for number, row in enumerate(rows[:shown_rows], 1):
            _print_record(answer.columns, row, f"row {number:,}{total}")
    if shown_rows < len(rows):
        count = answer.count() if has_more else len(rows)
        message = f"The first {shown_rows:,} of {counted(count, 'row')}. `--format csv` writes all of them."
        console.print(message, style="yellow", soft_wrap=True)
    else:
        console.print(counted(len(rows), "row"), style="dim")


def _print_record(columns: Sequence[str], row: Sequence[Any], title: str) -> None:
    console.print(Rule(title, align="left", characters="-"))
    record = Table.grid(padding=(0, 2))
    record.add_column(style="dim", no_wrap=True)
    record.add_column(overflow="fold")
    for name, value in zip(columns, row, strict=True):
        record.add_row(escape(name), shown(value))
    console.print(record)


def _width(table: Table) -> int:
    """Return the columns of the screen that a table needs so that no value is folded."""
    return Measurement.get(console, console.options.update(max_width=UNLIMITED), table).maximum


def _is_number(kind: str) -> bool:
    return (
        kind.startswith(("DECIMAL", "NUMBER", "DOUBLE", "FLOAT", "REAL")) or kind.endswith("INT") or kind == "INTEGER"
    )
