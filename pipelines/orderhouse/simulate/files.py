"""Feed files from frames: CSV, NDJSON or Parquet; plain, gzip or zstd. The same frame gives the same bytes.

Parts, late rows and mess belong in `delivery`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import polars as pl
import pyarrow as pa
import yaml

from orderhouse.simulate.calendar import BUSINESS_TIME_ZONE
from orderhouse.simulate.options import Compression, FileFormat, SimulationOptions, TruthFormat

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_SUFFIX: dict[Compression, str] = {"plain": "", "gzip": ".gz", "zstd": ".zst"}


@dataclass(frozen=True)
class FeedFiles:
    """Names and formats of one request's files; an increment's names include its offset."""

    folder: Path
    offset: int
    file_format: FileFormat
    compression: Compression

    @classmethod
    def of(cls, options: SimulationOptions) -> FeedFiles:
        """Return the files of a request."""
        return cls(options.to, options.offset, options.file_format, options.compression)

    @property
    def suffix(self) -> str:
        """Return the ending of every feed file's name."""
        return f".{self.file_format}{_SUFFIX[self.compression]}"

    def write(self, feed: str, part: int, frame: pl.DataFrame) -> Path:
        """Write one part of a feed and return its path."""
        middle = f"-{self.offset}" if self.offset else ""
        path = self.folder / f"{feed}{middle}-{part:04d}{self.suffix}"
        write_frame(frame, path, self.file_format, self.compression)
        return path

    def write_sources(self, feeds: list[str]) -> Path:
        """Write the `sources.yaml` that makes the folder a source covering these feeds."""
        content = {
            "merchant": {"business_time_zone": BUSINESS_TIME_ZONE, "reporting_currency": "EUR"},
            "sources": {"simulated": {"format": "canonical", "path": f"*{self.suffix}", "covers": feeds}},
        }
        path = self.folder / "sources.yaml"
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path


def write_frame(frame: pl.DataFrame, path: Path, file_format: FileFormat, compression: Compression = "plain") -> None:
    """Write a frame: instants as ISO-8601 in UTC, decimals as exact text."""
    if file_format == "parquet":
        frame.write_parquet(path, compression="zstd", statistics=True)
    elif compression == "plain":
        with path.open("wb") as stream:
            _write_text(frame, stream, file_format)
    else:
        buffer = io.BytesIO()
        _write_text(frame, buffer, file_format)
        with pa.CompressedOutputStream(str(path), compression) as stream:
            stream.write(buffer.getbuffer())


def write_truth(frame: pl.DataFrame, folder: Path, name: str, truth_format: TruthFormat) -> None:
    """Write one table of the true results."""
    write_frame(frame, folder / f"{name}.{truth_format}", truth_format)


def _write_text(frame: pl.DataFrame, stream: IO[bytes], file_format: FileFormat) -> None:
    if file_format == "csv":
        frame.write_csv(stream, datetime_format=_INSTANT)
        return
    texts = [
        pl.col(name).dt.strftime(_INSTANT) if isinstance(kind, pl.Datetime) else pl.col(name).cast(pl.String)
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime | pl.Decimal | pl.Date)
    ]
    frame.with_columns(texts).write_ndjson(stream)
