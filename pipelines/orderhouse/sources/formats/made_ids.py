"""Ids that are made of several columns of a file, or of the place of a record within its order.

The declaration of ids belongs in `orderhouse.sources.config`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import polars as pl

from orderhouse.contracts import Contract
from orderhouse.contracts.parsing import as_text
from orderhouse.errors import listed
from orderhouse.files.source_files import FileRejected
from orderhouse.sources.formats.format import POSITION, Declaration
from orderhouse.sources.readers.records import RECORD

__all__ = ["MadeIds", "group_column"]

BETWEEN = ":"
ORDER = "order_id"


class MadeIds:
    """Ids of the records of one file. Positions count on from one frame of the file to the next."""

    def __init__(self, source: Declaration, contract: type[Contract]) -> None:
        self._made = {name: parts for name, parts in source.ids.items() if name in contract.fields()}
        self._contract = contract
        self._counts: dict[str, pl.DataFrame] = {}

    @property
    def names(self) -> list[str]:
        """Return our columns that are made."""
        return list(self._made)

    @property
    def parts(self) -> set[str]:
        """Return the columns of the file that are used."""
        return {part for parts in self._made.values() for part in parts if part != POSITION}

    def columns(self, frame: pl.DataFrame, taken: Mapping[str, str]) -> list[pl.Series]:
        """Return the made columns for the records of a frame.

        Args:
            frame: Records by the file's columns.
            taken: Their column by our column.

        Raises:
            FileRejected: The file lacks a column of which an id is made.
        """
        return [self._column(name, parts, frame, taken) for name, parts in self._made.items()]

    def _column(self, name: str, parts: list[str], frame: pl.DataFrame, taken: Mapping[str, str]) -> pl.Series:
        texts = {part: self._text(name, part, frame) for part in parts if part != POSITION}
        if POSITION in parts:
            group = list(texts.values()) or [self._group(name, frame, taken)]
            texts[POSITION] = self._positions(name, _joined(group))
        return _joined([texts[part] for part in parts]).alias(name)

    def _group(self, name: str, frame: pl.DataFrame, taken: Mapping[str, str]) -> pl.Series:
        ours = group_column(self._contract, name)
        if ours is None or ours not in taken:
            raise FileRejected(f"`ids` counts {name} within {ours}, which no column of the file is mapped to.")
        return self._text(name, taken[ours], frame)

    def _text(self, name: str, part: str, frame: pl.DataFrame) -> pl.Series:
        if part not in frame.columns or part == RECORD:
            raise FileRejected(_lacking(name, part, [each for each in frame.columns if each != RECORD]))
        return as_text(frame[part]).str.strip_chars().replace("", None)

    def _positions(self, name: str, group: pl.Series) -> pl.Series:
        """Return the place of each record among those of its group in the file so far, from one; null without group."""
        keys = group.alias("key").to_frame()
        place = keys.select(pl.int_range(1, pl.len() + 1).over("key").cast(pl.Int64)).to_series()
        counts = keys.drop_nulls().group_by("key").agg(pl.len().cast(pl.Int64).alias("count"))
        before = self._counts.get(name)
        if before is not None:
            place = place + keys.join(before, on="key", how="left", maintain_order="left")["count"].fill_null(0)
            counts = pl.concat([before, counts]).group_by("key").agg(pl.col("count").sum())
        self._counts[name] = counts
        return place.set(group.is_null(), None).cast(pl.String)


def group_column(contract: type[Contract], name: str) -> str | None:
    """Return the column within whose values a position alone counts: the order, else the rest of the feed's key."""
    others = [each for each in contract.key() if each != name]
    if name not in contract.key() or not others:
        return None
    return ORDER if ORDER in others else others[0]


def _joined(parts: Sequence[pl.Series]) -> pl.Series:
    """Return texts joined so that different parts never give equal texts; null where a part is null."""
    if len(parts) == 1:
        return parts[0]
    escaped = [
        part.str.replace_all("%", "%25", literal=True).str.replace_all(BETWEEN, "%3A", literal=True) for part in parts
    ]
    return pl.select(pl.concat_str(*escaped, separator=BETWEEN)).to_series()


def _lacking(name: str, part: str, names: list[str]) -> str:
    near = difflib.get_close_matches(part, names, n=1)
    nearest = f" Did you mean {listed(near)}?" if near else ""
    return f"The file has no column {part}, of which `ids` makes {name}.{nearest}"
