"""Columns of ours that are cut from one column of a file by a pattern with named groups."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from orderhouse.contracts import Contract
from orderhouse.contracts.parsing import as_text
from orderhouse.files.source_files import FileRejected
from orderhouse.sources.formats.format import Declaration

__all__ = ["cut_columns", "group_names", "part_names"]

GROUP = re.compile(r"\(\?P?<([a-z_]+)>")


def group_names(pattern: str) -> list[str]:
    """Return the names of a pattern's groups."""
    return GROUP.findall(pattern)


def part_names(source: Declaration) -> list[str]:
    """Return our columns that a source cuts from columns of its files."""
    return [name for pattern in source.parts.values() for name in group_names(pattern)]


def cut_columns(
    source: Declaration, contract: type[Contract], frame: pl.DataFrame, given: Iterable[str]
) -> list[pl.Series]:
    """Return our columns that are cut from columns of the file; null where a value does not fit its pattern.

    Args:
        source: The source.
        contract: The contract of the feed; columns of other feeds are left out.
        frame: Records by the file's columns.
        given: Our columns that the records have already; they count where they have a value.

    Raises:
        FileRejected: The file lacks a column from which others are cut.
    """
    found: list[pl.Series] = []
    for theirs, pattern in source.parts.items():
        names = [name for name in group_names(pattern) if name in contract.fields() and name not in given]
        if not names:
            continue
        if theirs not in frame.columns:
            raise FileRejected(f"The file has no column {theirs}, from which `parts` cuts {', '.join(names)}.")
        groups = as_text(frame[theirs]).str.strip_chars().str.extract_groups(pattern).struct.unnest()
        found += [groups[name] for name in names]
    return found
