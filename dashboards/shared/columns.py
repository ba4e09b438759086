"""Columns of tables: their headings and definitions, and the text of their cells.

Every cell is text that is complete: no amount depends on the width of its column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import polars as pl
import streamlit as st

from shared import formats
from shared.access import Version
from shared.colours import WORD_COLOURS

__all__ = ["FILE", "Cell", "Column", "column", "is_number", "word", "written"]

# Text of a cell; a coloured word is its text and its colour; None is a dash.
Cell: TypeAlias = str | list[str] | None
Kind = Literal["plain", "word", "number", "amount", "per_cent"]

# Status in which nothing has happened, which a table shows as a dash.
NOTHING = "none"
# Text columns whose words `label` writes, besides those that end in `status` or `_class`.
WORD_COLUMNS = (
    "stage",
    "severity",
    "code",
    "kind",
    "axis",
    "feed",
    "event",
    "lifecycle",
    "segment",
    "category",
    "channel",
    "break_type",
    "stockout_risk",
    "method",
    "recognition_clock",
    "clock_or_account",
    "measure",
    "preferred_channel",
    "owner",
    "status",
)


@dataclass(frozen=True)
class Column:
    """Description of a table column.

    Attributes:
        heading: Heading with the unit.
        tip: Definition.
        kind: Kind of the cells.
        digits: Decimal digits of a number.
        sort: Column of the query that gives the order, if it is not the shown one. An amount in the currencies of its
            rows is ordered by the amount in the reporting currency.
        day_if: Column of the query that is true where an instant is a promise of a day, which is shown without a time.
    """

    heading: str
    tip: str | None = None
    kind: Kind = "plain"
    digits: int = 0
    sort: str | None = None
    day_if: str | None = None


def column(
    name: str,
    tip: str | None = None,
    *,
    unit: str | None = None,
    per_cent: bool = False,
    digits: int | None = None,
    is_amount: bool = False,
    sort: str | None = None,
    day_if: str | None = None,
) -> Column:
    """Describe a table column by its heading with the unit, its definition and, for numbers, its decimal digits.

    An amount has the digits of the minor unit of its row's `currency`; without that column, or if its name ends in
    `_reporting`, of the reporting currency.
    """
    kind: Kind = "per_cent" if per_cent else "amount" if is_amount else "plain" if digits is None else "number"
    return Column(f"{name} ({unit})" if unit else name, tip, kind, digits or 0, sort, day_if)


def word(name: str, tip: str | None = None, *, sort: str | None = None) -> Column:
    """Describe a column of stored words that are shown as coloured labels."""
    return Column(name, tip, "word", sort=sort)


# A table shows the path last: paths are long, and the file name already tells files apart.
FILE = {
    "file_name": column("File", "File name. The folder is in the last column."),
    "path": column("Path", "Path where the file was found."),
}


def is_number(described: Column, kind: pl.DataType) -> bool:
    """Return True for a column whose cells are aligned to the right."""
    return described.kind in ("number", "amount", "per_cent") or kind.is_numeric()


def written(frame: pl.DataFrame, name: str, described: Column) -> list[Cell]:
    """Return the cells of a column as text."""
    values = frame[name].to_list()
    if described.kind == "amount":
        return _amounts(frame, name, values)
    if described.day_if and described.day_if in frame.columns:
        return _promises(values, frame[described.day_if].to_list())
    write = _writer(frame, name, described)
    is_word = described.kind == "word" or (frame.schema[name] == pl.String and _holds_words(name))
    absent = (None, NOTHING) if is_word else (None,)
    return [None if value in absent or value != value else write(value) for value in values]


def _writer(frame: pl.DataFrame, name: str, described: Column) -> Callable[..., Cell]:
    kind, version = frame.schema[name], _version()
    if described.kind == "word":
        return lambda value: [formats.label(value), WORD_COLOURS.get(str(value), "gray")]
    if described.kind == "per_cent":
        return formats.per_cent
    if described.kind == "number":
        return lambda value: formats.decimal(value, described.digits)
    if isinstance(kind, pl.Datetime):
        return lambda value: formats.instant(value, version.time_zone)
    return formats.label if kind == pl.String and _holds_words(name) else _plain


def _promises(values: list[datetime | None], are_days: list[bool | None]) -> list[Cell]:
    """Write promises: a day alone where the promise is one."""
    zone = _version().time_zone
    return [
        None if value is None else formats.promise(value, is_day, zone)
        for value, is_day in zip(values, are_days, strict=True)
    ]


def _amounts(frame: pl.DataFrame, name: str, values: list[Decimal | float | None]) -> list[Cell]:
    """Write amounts, each with the digits of its own currency."""
    own = frame["currency"].to_list() if "currency" in frame.columns and not name.endswith("_reporting") else None
    currencies = own or [_version().currency] * len(values)
    digits: Mapping[str | None, int] = {each: formats.minor_digits(each or "") for each in set(currencies)}
    return [
        None if value is None else formats.decimal(value, digits[currency])
        for value, currency in zip(values, currencies, strict=True)
    ]


def _plain(value: object) -> Cell:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, date) and not isinstance(value, datetime):
        return formats.day(value)
    if isinstance(value, Decimal):
        return formats.exact(value)
    if isinstance(value, float):
        return formats.exact(Decimal(repr(value)))
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or None
    return str(value) or None


def _holds_words(name: str) -> bool:
    return name.endswith(("status", "_class")) or name in WORD_COLUMNS


def _version() -> Version:
    version: Version = st.session_state["version"]
    return version
