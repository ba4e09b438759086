"""Recognition of files of known formats, by reading them as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.parsing import cleaned, parse
from orderhouse.files.source_files import FileRejected, FileVanished
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.mapping import MAPPED
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import Format
from orderhouse.sources.proposals.samples import file_at

__all__ = ["known_bundles", "known_format"]


def known_bundles(paths: Sequence[Path]) -> list[tuple[str, list[Path]]]:
    """Return bundles of known formats among files, each with the name of its format."""
    found: list[tuple[str, list[Path]]] = []
    left = list(paths)
    for name, each in FORMATS.items():
        if not each.is_bundle or name in MAPPED or not left:
            continue
        for group in each.bundles(_tried(each, left), [str(path) for path in left]):
            files = [Path(path) for path in group]
            if _gives_rows(each, files):
                found.append((name, files))
                left = [path for path in left if path not in files]
    return found


def known_format(path: Path) -> str | None:
    """Return the format of single files that reads a file, or None."""
    for name, each in FORMATS.items():
        if name not in MAPPED and not each.is_bundle and _gives_rows(each, [path]):
            return name
    return None


def _tried(format_: Format, paths: Sequence[Path]) -> Source:
    return Source.model_validate({"name": "tried", "format": format_.name, "path": [str(path) for path in paths]})


def _gives_rows(format_: Format, paths: Sequence[Path]) -> bool:
    """Return whether a format reads files: most records, with values that the feeds take."""
    source = _tried(format_, paths)
    good = bad = 0
    try:
        for read in format_.read(source, [file_at(path) for path in paths]):
            bad += len(read.malformed)
            if read.feed and read.frame.height:
                broken = _broken(read.feed, read.frame, source)
                good, bad = good + read.frame.height - broken, bad + broken
    except (FileRejected, FileVanished):
        return False
    return good > bad


def _broken(feed: str, frame: pl.DataFrame, source: Source) -> int:
    """Return the number of rows with a value that the contract of the feed does not take."""
    failures = parse(CONTRACTS[feed], cleaned(frame), source.notation).failures
    return int(pl.DataFrame(failures).select(pl.any_horizontal(pl.all())).sum().item()) if failures else 0
