"""Control totals: compare the totals that a sender states for a file with the rows as received.

Totals are in a side file next to the data file (``<file>.control.json``) or, for a source of one file, in
``sources.yaml``. A side file is never loaded as a feed. If it arrives or is corrected later, its data file is read and
counted again, but not loaded again. Outcomes go to `raw.controls`; rows belong to `loading`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from orderhouse.contracts.notation import Notation
from orderhouse.files.source_files import SIDE_FILE, FileRejected, SourceFile
from orderhouse.ingest.discovery import Unit
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.promises import Totals, read_totals
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.storage.raw_ledgers import RAW_LEDGERS

__all__ = ["Check", "Controls", "write_checks"]

EXACT = pl.Decimal(38, 8)
EXACT_NUMBER = r"^[+-]?(?:\d{1,20}(?:\.\d{0,8}0*)?|\.\d{1,8}0*)$"
DECLARED = "sources.yaml"
CONTROL_CHARACTERS = 16


@dataclass(frozen=True)
class Stated:
    """Totals stated for one file, and their origin.

    Attributes:
        origin: Path of the side file, or the sources file.
        control_id: Hash of the stated totals; changed totals are checked again.
        reader: Returns the totals, or the reason why they cannot be read.
    """

    origin: str
    control_id: str
    reader: Callable[[], Totals | str]

    @cached_property
    def totals(self) -> Totals | str:
        """Return the totals, or the reason why they cannot be read. The side file of an object is read only here."""
        return self.reader()


@dataclass(frozen=True)
class Check:
    """Comparison of one stated total with the rows received.

    Attributes:
        measure: ``rows``, the column summed, or ``control`` for a side file that cannot be read.
        expected: The total as stated, as text.
        actual: The total of the rows received, as text; None if it cannot be computed.
        status: ``passed`` or ``failed``.
        detail: A sentence.
        is_rejected: True if the file was rejected because of it.
    """

    source: str
    file_id: str
    path: str
    origin: str
    control_id: str
    measure: str
    expected: str | None
    actual: str | None
    status: str
    detail: str
    is_rejected: bool = False


@dataclass
class _Tally:
    """Records and exact sums of one file so far; `odd` counts the values that are not numbers, by column."""

    totals: Totals
    rows: int = 0
    unreadable: int = 0
    sums: dict[str, Decimal] = field(default_factory=dict)
    odd: dict[str, int] = field(default_factory=dict)

    def add(self, source: Source, rows: FeedRows) -> None:
        """Count rows that are records of the file itself, not derived from them."""
        if rows.role != "primary" or rows.feed is None:
            return
        self.rows += rows.frame.height + len(rows.malformed)
        self.unreadable += len(rows.malformed)
        for stated in self.totals.sums:
            column = _column_of(source, rows.feed, stated)
            if column in rows.frame.columns:
                total, odd = _sum(rows.frame[column], source.notation)
                self.sums[stated] = self.sums.get(stated, Decimal(0)) + total
                self.odd[stated] = self.odd.get(stated, 0) + odd


class Controls:
    """Control totals of one run: registered per file, counted while the files are read, and checked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        rows = connection.execute(
            """
            select source, file_id, arg_max(control_id, batch_id), arg_max(is_rejected, batch_id)
            from raw.controls
            group by source, file_id
            """
        ).fetchall()
        self._checked = {(source, file_id): (control_id, rejected) for source, file_id, control_id, rejected in rows}
        self._stated: dict[tuple[str, str], Stated] = {}
        self._tallies: dict[tuple[str, str], _Tally] = {}

    def register(self, source: Source, file: SourceFile, side: Path | SourceFile | None, *, is_only_file: bool) -> None:
        """Register the totals stated for a file, if there are any. A side file overrides the sources file.

        Args:
            source: The source of the file.
            file: The file.
            side: Path of the side file, which need not exist, or the side file of an object.
            is_only_file: True if the source has no other file; only then totals in the sources file apply.
        """
        stated = None if side is None else _from_side_file(file.path + SIDE_FILE, side)
        if stated is None and source.control.states_totals and is_only_file:
            stated = _declared(source)
        if stated is not None:
            self._stated[source.name, file.file_id] = stated

    def is_unchecked(self, unit: Unit) -> bool:
        """Return True if a total is stated for a file of the unit and has not been checked yet."""
        return any(
            key in self._stated and self._checked.get(key, ("",))[0] != self._stated[key].control_id
            for key in _keys(unit)
        )

    def may_retry(self, unit: Unit) -> bool:
        """Return True if a unit was rejected for its totals, and these or the policy changed since."""
        was_rejected = any(self._checked.get(key, ("", False))[1] for key in _keys(unit))
        return was_rejected and (self.is_unchecked(unit) or unit.source.control.on_mismatch != "reject")

    def count(self, unit: Unit, rows: FeedRows) -> None:
        """Count rows of a file for which totals are stated; do nothing for any other file."""
        key = (unit.source.name, rows.file.file_id)
        stated = self._stated.get(key)
        if stated is not None and isinstance(stated.totals, Totals):
            self._tallies.setdefault(key, _Tally(stated.totals)).add(unit.source, rows)

    def forget(self, unit: Unit) -> None:
        """Drop the counts of a unit."""
        for key in _keys(unit):
            self._tallies.pop(key, None)

    def check(self, unit: Unit) -> list[Check]:
        """Compare the counts of a unit with the stated totals, and return one check per total."""
        checks: list[Check] = []
        for file in unit.files:
            key = (unit.source.name, file.file_id)
            stated, tally = self._stated.get(key), self._tallies.pop(key, None)
            if stated is not None:
                place = (unit.source.name, file.file_id, file.path, stated.origin, stated.control_id)
                checks += _checks(place, stated, tally)
                self._checked[key] = (stated.control_id, False)
        return checks

    def check_late(self, unit: Unit) -> list[Check]:
        """Read a loaded unit again, only to count it, and return its checks.

        Raises:
            FileVanished: A file no longer exists.
            FileUnsettled: A file or its side file was replaced meanwhile.
            StoreRefused: The store refuses to answer.
        """
        try:
            for rows in FORMATS[unit.source.format].read(unit.source, unit.files):
                self.count(unit, rows)
            return self.check(unit)
        except FileRejected:
            return []
        finally:
            self.forget(unit)


def write_checks(
    connection: duckdb.DuckDBPyConnection, checks: Iterable[Check], batch_id: int, checked_at: datetime
) -> None:
    """Append checks to `raw.controls`; `checked_at` is in UTC."""
    rows = [{**vars(check), "batch_id": batch_id, "checked_at": checked_at} for check in checks]
    if not rows:
        return
    types = {
        "VARCHAR": pl.String(),
        "BIGINT": pl.Int64(),
        "BOOLEAN": pl.Boolean(),
        "TIMESTAMP": pl.Datetime("us"),
    }
    schema = {name: types[sql_type] for name, sql_type in RAW_LEDGERS["controls"].items()}
    connection.register("incoming", pl.DataFrame(rows, schema=schema).to_arrow())
    connection.execute("insert into raw.controls by name select * from incoming")
    connection.unregister("incoming")


def _keys(unit: Unit) -> list[tuple[str, str]]:
    return [(unit.source.name, file.file_id) for file in unit.files]


def _declared(source: Source) -> Stated:
    totals = Totals(rows=source.control.rows, sums=source.control.sums)
    return Stated(DECLARED, _control_id(totals.model_dump_json().encode()), lambda: totals)


def _from_side_file(origin: str, side: Path | SourceFile) -> Stated | None:
    """Return the totals of a side file; None if there is no such file.

    A local side file is read at once. The side file of an object is identified already and is read when needed.
    """
    if isinstance(side, SourceFile):
        return Stated(origin, side.file_id[:CONTROL_CHARACTERS], lambda: _totals_of(_content(side)))
    try:
        content = side.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = f"it cannot be read: {error.strerror}"
        return Stated(origin, _control_id(b""), lambda: problem)
    return Stated(origin, _control_id(content), lambda: _totals_of(content))


def _control_id(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:CONTROL_CHARACTERS]


def _content(side: SourceFile) -> bytes:
    with side.open() as stream:
        return stream.read()


def _totals_of(content: bytes) -> Totals | str:
    try:
        return read_totals(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "it is not UTF-8"
    except ValueError as error:
        return str(error)


def _column_of(source: Source, feed: str, stated: str) -> str:
    """Return our name of a summed column; empty if the name is qualified with another feed.

    The sender may write its own name or ours, with or without the feed.
    """
    owner, _, name = stated.rpartition(".")
    if owner not in {"", feed}:
        return ""
    return source.renamed.get(name, (name,))[0]


def _sum(values: pl.Series, notation: Notation) -> tuple[Decimal, int]:
    """Return the exact sum of the numbers in a column, and the number of other values that are not empty."""
    if values.dtype.is_integer() or values.dtype.is_decimal():
        numbers, is_filled = values.cast(EXACT, strict=False), values.is_not_null()
    else:
        text = values.cast(pl.String, strict=False).str.strip_chars()
        is_filled = text.is_not_null() & (text != "")
        text = notation.plain_numbers(text) if values.dtype == pl.String else text
        numbers = text.set(~text.str.contains(EXACT_NUMBER).fill_null(False), None).cast(EXACT, strict=False)
    return Decimal(numbers.sum() or 0), int((is_filled & numbers.is_null()).sum())


def _checks(place: tuple[str, str, str, str, str], stated: Stated, tally: _Tally | None) -> list[Check]:
    _, _, path, origin, _ = place
    if isinstance(stated.totals, str):
        detail = f"{origin} states no totals of {path}: {stated.totals}."
        return [Check(*place, "control", None, None, "failed", detail)]
    tally = tally or _Tally(stated.totals)
    checks: list[Check] = []
    if stated.totals.rows is not None:
        checks.append(_rows_check(place, tally.rows, stated.totals.rows))
    return checks + [_sum_check(place, tally, column, total) for column, total in stated.totals.sums.items()]


def _rows_check(place: tuple[str, str, str, str, str], actual: int, expected: int) -> Check:
    _, _, path, origin, _ = place
    if actual == expected:
        return Check(*place, "rows", str(expected), str(actual), "passed", f"{path} has {actual} rows, as stated.")
    detail = f"{origin} states {expected} rows, but {path} has {actual}."
    return Check(*place, "rows", str(expected), str(actual), "failed", detail)


def _sum_check(place: tuple[str, str, str, str, str], tally: _Tally, column: str, expected: str) -> Check:
    """Return the check of one stated sum."""
    _, _, path, origin, _ = place
    actual = tally.sums.get(column, Decimal(0) if tally.rows == 0 else None)
    text = None if actual is None else _plain(actual)
    odd = tally.odd.get(column, 0)
    if actual is None:
        problem = f"{path} has no column {column}"
    elif odd or tally.unreadable:
        what = f"{odd} values of it are no numbers" if odd else f"{tally.unreadable} records cannot be read"
        problem = f"{path} cannot be summed, because {what}; the rest sums to {text}"
    elif actual != Decimal(expected):
        problem = f"the rows of {path} sum to {text}"
    else:
        detail = f"{column} of {path} sums to {text}, as stated."
        return Check(*place, column, expected, text, "passed", detail)
    return Check(*place, column, expected, text, "failed", f"{origin} states {expected} of {column}, but {problem}.")


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
