"""Good files for the fuzz tests to damage: of every feed and kind of file, and of every format with an example.

The files are small, since the head of a long file tests as much as the whole.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import polars as pl
from openpyxl import Workbook
from orderhouse.files.source_files import GZIP_MAGIC, ZSTD_MAGIC
from orderhouse.files.store_files import StoreFiles
from orderhouse.ingest.discovery import find
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.sources.formats import FORMATS

from tests.properties.stated_payouts import stated_payouts
from tests.sent import SENT

__all__ = ["KINDS", "Specimen", "as_kind", "of_examples", "of_feeds"]

PROJECT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ORDERHOUSE_TEST_DATA", PROJECT.parent / "shared" / "data"))
KINDS = ("csv", "ndjson", "json", "parquet", "xlsx")
HEAD_BYTES = 20_000
BINARY = (b"PK\x03\x04", b"PAR1", GZIP_MAGIC, ZSTD_MAGIC)


@dataclass(frozen=True)
class Specimen:
    """File or bundle that a format reads, by file names, and the feed where the format needs one.

    A specimen of an example has the example's declaration as its source.
    """

    format: str
    files: tuple[tuple[str, bytes], ...]
    feed: str | None = None
    source: Source | None = None

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {len(content)} bytes" for name, content in self.files)
        return f"<{self.format} {self.feed or ''} {sizes}>"


def as_kind(rows: list[dict[str, str]], kind: str) -> bytes:
    """Return the same rows as another kind of file."""
    names = list(rows[0])
    rows = [{name: row[name] for name in names} for row in rows]
    if kind == "csv":
        return pl.DataFrame(rows).write_csv().encode()
    if kind == "ndjson":
        return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    if kind == "json":
        return json.dumps(rows, indent=1).encode()
    sink = io.BytesIO()
    if kind == "parquet":
        pl.DataFrame(rows).write_parquet(sink)
    else:
        book = Workbook()
        for row in [names, *(list(row.values()) for row in rows)]:
            book.active.append(row)
        book.save(sink)
    return sink.getvalue()


@cache
def of_feeds() -> tuple[Specimen, ...]:
    """Return the sample's first rows of every feed, as every kind of file."""
    found: list[Specimen] = []
    for feed in SENT:
        rows = _sample(feed).head(12).fill_null("").to_dicts()
        found += [Specimen("canonical", ((f"{feed}.{kind}", as_kind(rows, kind)),), feed) for kind in KINDS]
    return tuple(found)


def _sample(feed: str) -> pl.DataFrame:
    """Return the first file of a feed in the sample, which has no payouts and prices of its own."""
    if feed == "payouts":
        return stated_payouts(_sample("payments"))
    if feed == "price_lists":
        prices = {"price_list_id": "trade", "currency": "EUR", "valid_from": "2026-01-01", "unit_price": "9.50"}
        return _sample("products").select("sku", "updated_at").with_columns(**{k: pl.lit(v) for k, v in prices.items()})
    return pl.read_csv(PROJECT / "data" / "sample" / f"{feed}-0001.csv", infer_schema=False)


@cache
def of_examples() -> tuple[Specimen, ...]:
    """Return files of every format that an example names, if the data is on this machine, and all payload files."""
    return tuple([*_bundles(), *_payloads()])


def _bundles() -> Iterator[Specimen]:
    for example in sorted((PROJECT / "examples").glob("*.yaml")):
        for source in load_sources(example).sources.values():
            moved = [str(path).replace("../../shared/data", str(DATA)) for path in source.path]
            source = source.model_copy(update={"path": moved})
            for group in islice(find(source, StoreFiles()).groups, 2):
                files = tuple((path.name, _head(path)) for path in map(Path, group))
                yield Specimen(source.format, files, source.feed, source)


def _payloads() -> Iterator[Specimen]:
    """Give every payload to every format that reads single files. Most payloads are of another format."""
    single = [name for name, each in FORMATS.items() if not each.is_bundle]
    for folder in sorted((DATA / "payloads").glob("*")):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                for name in single:
                    yield Specimen(name, ((path.name, _head(path)),), "orders" if name == "canonical" else None)


def _head(path: Path) -> bytes:
    """Return the whole file if it is small or cannot be cut, else its first lines."""
    content = path.read_bytes()
    if len(content) <= HEAD_BYTES or content.startswith(BINARY):
        return content
    return content[: content.find(b"\n", HEAD_BYTES) + 1] or content
