"""Reading of made-up or real content with a format, as an ingest does, up to the screened rows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import polars as pl
from orderhouse.files.source_files import SourceFile
from orderhouse.ingest.screening import PART, Screened, screen
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.vault.vault import in_memory_vault


def file_of(content: str | bytes, path: str = "file.json") -> SourceFile:
    """Return a file with this content."""
    data = content.encode() if isinstance(content, str) else content
    return SourceFile(path, path, len(data), lambda: io.BytesIO(data))


def source_of(format_name: str, **declared: Any) -> Source:
    """Return a source of a format."""
    return Source.model_validate({"name": "tried", "format": format_name, "path": "landing", **declared})


def read(format_name: str, *files: SourceFile, **declared: Any) -> list[FeedRows]:
    """Read files with a format."""
    return list(FORMATS[format_name].read(source_of(format_name, **declared), files))


def rows_of(found: list[FeedRows], feed: str) -> pl.DataFrame:
    """Return the rows of a feed."""
    return pl.concat([each.frame for each in found if each.feed == feed], how="diagonal")


def screened(found: list[FeedRows], feed: str, format_name: str, /, **declared: Any) -> Screened:
    """Return the rows of a feed, accepted and quarantined."""
    source = source_of(format_name, **declared)
    with in_memory_vault() as vault:
        return screen(feed, rows_of(found, feed).with_columns(pl.lit(0, pl.Int64).alias(PART)), source, vault)


def payloads(folder: Path, name: str) -> Path:
    """Return the path of a folder of payloads."""
    return folder / "payloads" / name
