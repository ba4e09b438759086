"""Settings and output of one invocation of the command line.

Settings are read here and passed down. Display of particular results belongs to the commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, JustifyMethod, OverflowMethod
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from orderhouse.invocation import as_typed_here
from orderhouse.wording import counted

if TYPE_CHECKING:
    from orderhouse.settings import Settings

__all__ = [
    "Session",
    "ago",
    "console",
    "counted",
    "error_console",
    "grid",
    "progress_bar",
    "session_of",
    "settings_of",
    "shown",
    "warn_of_plain_http",
]

THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


class TypedConsole(Console):
    """Console that prints commands in messages as they are to be typed here. Tables are printed as they are."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as rich does."""
        super().print(*(as_typed_here(each) if isinstance(each, str) else each for each in objects), **options)


console = TypedConsole(highlight=False)
error_console = TypedConsole(stderr=True, highlight=False)


@dataclass(frozen=True)
class Session:
    """Global options of one invocation."""

    home: Path | None = None
    debug: bool = False

    def settings(self, **overrides: Any) -> Settings:
        """Return the settings: options of the command first, then the environment, then `orderhouse.toml`."""
        from orderhouse.settings import load_settings

        return load_settings(home=self.home, **overrides)


def session_of(context: typer.Context) -> Session:
    """Return the session of a command."""
    found = context.find_object(Session)
    return found if found is not None else Session()


def settings_of(context: typer.Context, **overrides: Any) -> Settings:
    """Return the settings of a command; its own options override them unless they are None."""
    return session_of(context).settings(**overrides)


def progress_bar() -> Progress:
    """Return a bar of progress on standard error, which disappears when it is done."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=error_console, transient=True
    )


def grid(
    title: str | None,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Sequence[str] = (),
    cut: str | None = None,
) -> Table:
    """Return a table for the terminal.

    Args:
        title: The title above the table.
        columns: Names of the columns.
        rows: Values in the order of the columns.
        numbers: Columns that are aligned to the right.
        cut: A column whose text is cut off at the end of the line instead of folded.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    table.expand = cut is not None
    for column in columns:
        overflow: OverflowMethod = "ellipsis" if column == cut else "fold"
        justify: JustifyMethod = "right" if column in numbers else "left"
        ratio = 1 if column == cut else None
        table.add_column(column, justify=justify, overflow=overflow, no_wrap=cut is not None, ratio=ratio)
    for row in rows:
        table.add_row(*(shown(value) for value in row))
    return table


def shown(value: Any) -> str:
    """Return a value as text for people."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case Decimal():
            return f"{value.normalize():,f}" if value == value.to_integral_value() else f"{value:,.2f}"
        case float():
            return f"{value:,.2f}"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return value.isoformat()
        case _:
            return escape(str(value))


def ago(seconds: float) -> str:
    """Return an age as text, in the largest unit that fits: ``3 hours ago``."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(int(seconds // length), unit)} ago"
    return f"{counted(max(int(seconds), 0), 'second')} ago"


def warn_of_plain_http(host: str) -> None:
    """Warn that a server is reachable from other machines, unless it listens on this one alone."""
    if host not in THIS_MACHINE:
        error_console.print(
            f"Warning: {host} can be reached from other machines, and this server uses plain HTTP. Allow access only "
            "to a proxy that ends TLS.",
            style="yellow",
            soft_wrap=True,
        )
