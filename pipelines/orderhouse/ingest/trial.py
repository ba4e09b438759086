"""Dry runs: what a source's files would give, without writing anything anywhere.

Reads and screens as an ingest does, against a vault that lives in memory and is thrown away.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.arrivals import Arrivals
from orderhouse.ingest.discovery import Unit, find, shown_path
from orderhouse.ingest.screening import PART, screen
from orderhouse.object_stores import StoreRefused
from orderhouse.settings import Settings
from orderhouse.sources import FORMATS
from orderhouse.sources.config import Source, load_sources
from orderhouse.sources.files import FileLeft, FileRejected, FileVanished
from orderhouse.sources.formats import FeedRows
from orderhouse.sources.store_files import StoreFiles
from orderhouse.vault import Vault, throwaway_vault

__all__ = ["FeedTrial", "SourceTrial", "check_sources"]

SAMPLE_ROWS = 5


@dataclass
class FeedTrial:
    """What a source would give to a feed.

    Attributes:
        quarantined: Broken rules to number of rows.
        examples: Broken rules to the sentence about one of those rows.
        words: For each enumerated column the words found, with their number.
        sample: The first accepted rows, personal values as tokens.
    """

    rows_in: int = 0
    accepted: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    words: dict[str, Counter[str]] = field(default_factory=dict)
    ignored_columns: tuple[str, ...] = ()
    sample: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass
class SourceTrial:
    """What a source would give, by feed, and sentences about files that could not be taken."""

    source: str
    feeds: dict[str, FeedTrial] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def check_sources(settings: Settings, name: str | None = None) -> list[SourceTrial]:
    """Read and screen every file of a source, or of all sources.

    Raises:
        OrderhouseError: The sources file is wrong, or declares no source of that name.
    """
    declared = load_sources(settings.sources_file)
    if name is not None and name not in declared.sources:
        known = ", ".join(declared.sources) or "none"
        raise OrderhouseError(f"{declared.path} declares no source {name!r}; it declares {known}.")
    chosen = [source for each, source in declared.sources.items() if name in {None, each}]
    stores = StoreFiles()
    with throwaway_vault() as vault, tempfile.TemporaryDirectory(prefix="orderhouse-") as folder:
        arrivals = Arrivals(stores, Path(folder) / "incoming", None, settings.settle_seconds)
        return [_tried(source, vault, stores, arrivals) for source in chosen]


def _tried(source: Source, vault: Vault, stores: StoreFiles, arrivals: Arrivals) -> SourceTrial:
    found = find(source, stores)
    trial = SourceTrial(source.name, notes=list(found.notes))
    for group in found.groups:
        shown = shown_path(source, group[0])
        try:
            files = [arrivals.identify(source, path, found.objects.get(path)) for path in group]
            for rows in FORMATS[source.format].read(source, files):
                _add(trial, source, rows, vault)
            arrivals.release(Unit(source, files, FORMATS[source.format].is_bundle))
        except (FileRejected, FileLeft) as error:
            trial.notes.append(f"{shown} would not be taken: {error.reason}")
        except StoreRefused as error:
            trial.notes.append(f"{shown} cannot be read: {error.message}")
        except FileVanished:
            trial.notes.append(f"{shown} is not there any more.")
    return trial


def _add(trial: SourceTrial, source: Source, rows: FeedRows, vault: Vault) -> None:
    if rows.feed is None:
        return
    feed = trial.feeds.setdefault(rows.feed, FeedTrial())
    zone = source.time_zone or FORMATS[source.format].time_zone
    screened = screen(rows.feed, rows.frame.with_columns(pl.lit(0, pl.Int64).alias(PART)), source, zone, vault)
    vault.discard()
    feed.rows_in += rows.frame.height + len(rows.malformed)
    feed.accepted += screened.accepted.height
    for each in rows.malformed:
        feed.quarantined[each.rule] += 1
        feed.examples.setdefault(each.rule, each.reason)
    for rules, count, reasons in (
        screened.quarantined.group_by("rules").agg(pl.len(), pl.col("reasons").first()).iter_rows()
    ):
        names = ", ".join(json.loads(rules))
        feed.quarantined[names] += count
        feed.examples.setdefault(names, reasons)
    for column in CONTRACTS[rows.feed].enumerated():
        counts = screened.accepted[column].drop_nulls().value_counts()
        feed.words.setdefault(column, Counter()).update(dict(counts.iter_rows()))
    feed.ignored_columns = tuple(dict.fromkeys((*feed.ignored_columns, *rows.ignored)))
    if feed.sample.height < SAMPLE_ROWS:
        wanted = screened.accepted.drop(PART).head(SAMPLE_ROWS - feed.sample.height)
        feed.sample = pl.concat([feed.sample, wanted]) if feed.sample.height else wanted
