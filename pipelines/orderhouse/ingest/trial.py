"""Dry runs: read and screen the files of a source as an ingest does, without writing anything.

The vault of a dry run is in memory and is discarded. Display belongs to the command line.
"""

from __future__ import annotations

import glob
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from orderhouse.contracts import CONTRACTS
from orderhouse.errors import OrderhouseError
from orderhouse.files.limits import FileLimits, limits_of
from orderhouse.files.object_stores import StoreRefused
from orderhouse.files.source_files import FileRejected, FileUnsettled, FileVanished, SourceFile
from orderhouse.files.store_files import StoreFiles
from orderhouse.ingest.arrivals import Arrivals
from orderhouse.ingest.discovery import Unit, find, shown_path
from orderhouse.ingest.mapping_notes import MappingNotes
from orderhouse.ingest.screening import PART, Screened, screen
from orderhouse.ingest.table_batches import fetch_sample
from orderhouse.ingest.trial_keys import KeyFindings, Keys
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.recognition import describe_kind
from orderhouse.vault.vault import Vault, in_memory_vault

__all__ = ["FeedTrial", "SourceTrial", "check_sources"]

SAMPLE_ROWS = 10
PLACES = 3


@dataclass
class FeedTrial:
    """Rows that a source would give to one feed.

    Attributes:
        quarantined: Number of rows, by broken rules.
        examples: The reason of one row, by broken rules.
        places: The first such rows as ``file:line``, by broken rules.
        words: The words found in each enumerated column, with their number of rows.
        tokenised_ids: Number of rows whose customer id is an address or a telephone number, and becomes a token.
        ignored_columns: Columns of the files that are not used.
        sample: The first accepted rows, with tokens for personal values.
        currencies: The currencies of the accepted rows.
        keys: Repeated and contradicting keys, and sums of amounts.
    """

    rows_in: int = 0
    accepted: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    words: dict[str, Counter[str]] = field(default_factory=dict)
    tokenised_ids: int = 0
    ignored_columns: tuple[str, ...] = ()
    sample: pl.DataFrame = field(default_factory=pl.DataFrame)
    currencies: set[str] = field(default_factory=set)
    keys: KeyFindings = field(default_factory=KeyFindings)


@dataclass
class SourceTrial:
    """Result of a dry run of one source.

    Attributes:
        feeds: Results by feed.
        notes: Sentences about files that could not be loaded, and about a mapping that does not fit them.
        remarks: Sentences about rounded values.
        kinds: Kinds of files recognised by their bytes, with the number of files of each.
        ignored: Files, columns and records that are not used because they give no rows.
        has_no_files: True if no path of the source names a file.
    """

    source: str
    feeds: dict[str, FeedTrial] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    ignored: tuple[str, ...] = ()
    has_no_files: bool = False


def check_sources(
    settings: Settings, name: str | None = None, file: Path | None = None, *, hide_values: bool = False
) -> list[SourceTrial]:
    """Read and screen every file of a source, or of all sources, and return one result per source.

    Args:
        settings: Settings with the path of the sources file.
        name: Name of one source; all sources if None.
        file: A file or folder to read in place of the source's own files.
        hide_values: Withhold values that may be personal from the reasons, for a result that is passed on.

    Raises:
        OrderhouseError: The sources file is wrong or declares no source of that name, or the file does not exist.
    """
    declared = load_sources(settings.sources_file)
    if name is not None and name not in declared.sources:
        known = ", ".join(declared.sources) or "none"
        raise OrderhouseError(f"{declared.path} declares no source {name!r}. Its sources are: {known}.")
    chosen = [source for each, source in declared.sources.items() if name in {None, each}]
    if file is not None:
        chosen = [_with_path(source, file) for source in chosen]
    stores = StoreFiles()
    with in_memory_vault() as vault, tempfile.TemporaryDirectory(prefix="orderhouse-") as folder:
        arrivals = Arrivals(stores, Path(folder) / "incoming", None, settings.settle_seconds)
        if file is None:
            chosen = [_with_sample(source, Path(folder)) for source in chosen]
        return [_Trying(source, vault, hide_values).result(stores, arrivals, limits_of(settings)) for source in chosen]


def _with_sample(source: Source, folder: Path) -> Source:
    """Return the source with the first rows of its table in place of its folder, if its rows come from a table."""
    return source if source.table is None else _with_path(source, fetch_sample(source, source.table, folder))


def _with_path(source: Source, file: Path) -> Source:
    """Return the source with one file or folder in place of its own paths."""
    if not file.exists():
        raise OrderhouseError(f"There is no file {file}.")
    return source.model_copy(update={"path": [glob.escape(str(file.absolute()))]})


class _Trying:
    """Dry run of one source."""

    def __init__(self, source: Source, vault: Vault, hide_values: bool) -> None:
        self._source = source
        self._vault = vault
        self._hide_values = hide_values
        self._trial = SourceTrial(source.name)
        self._keys: dict[str, Keys] = {}
        self._mapping = MappingNotes()
        self._refused: dict[str, list[str]] = {}

    def result(self, stores: StoreFiles, arrivals: Arrivals, limits: FileLimits) -> SourceTrial:
        """Read and screen all files of the source. A reason why files cannot be read becomes one note."""
        source, trial, form = self._source, self._trial, FORMATS[self._source.format]
        found = find(source, stores)
        trial.has_no_files = not (found.paths or found.refused)
        for group in found.groups:
            try:
                files = [
                    replace(arrivals.identify(source, path, found.objects.get(path)), limits=limits) for path in group
                ]
                trial.kinds.update(describe_kind(form.layout(source, file), file) for file in files)
                for rows in form.read(source, files):
                    self._add(rows)
                arrivals.release(Unit(source, files, form.is_bundle))
            except FileRejected as error:
                self._refuse(group, f"would not be loaded: {error.reason if self._hide_values else error.shown}")
            except FileUnsettled as error:
                self._refuse(group, f"would not be loaded: {error.reason}")
            except StoreRefused as error:
                self._refuse(group, f"cannot be read: {error.reason}")
            except FileVanished:
                self._refuse(group, "no longer exists.")
        refusals = [f"{_some(paths)} {reason}" for reason, paths in self._refused.items()]
        trial.notes = [*found.notes, *refusals, *self._mapping.misfits()]
        trial.remarks = list(self._mapping.roundings())
        for feed, keys in self._keys.items():
            trial.feeds[feed].keys = keys.findings()
        return trial

    def _refuse(self, group: list[str], reason: str) -> None:
        self._refused.setdefault(reason, []).extend(shown_path(self._source, path) for path in group)

    def _add(self, rows: FeedRows) -> None:
        """Screen rows and add their counts, words, keys and a sample to the trial."""
        trial = self._trial
        if rows.feed is None:
            trial.ignored = tuple(dict.fromkeys((*trial.ignored, *rows.ignored)))
            return
        self._mapping.add(self._source, rows)
        feed = trial.feeds.setdefault(rows.feed, FeedTrial())
        screened = screen(
            rows.feed,
            rows.frame.with_columns(pl.lit(0, pl.Int64).alias(PART)),
            self._source,
            self._vault,
            withhold=self._hide_values,
        )
        self._vault.discard()
        self._keys.setdefault(rows.feed, Keys(rows.feed)).add(rows.file.path, screened.accepted)
        _count(feed, rows, screened)


def _some(paths: list[str]) -> str:
    """Return the first paths, and the number of the others."""
    more = f" and {len(paths) - PLACES:,} more" if len(paths) > PLACES else ""
    return ", ".join(paths[:PLACES]) + more


def _count(feed: FeedTrial, rows: FeedRows, screened: Screened) -> None:
    feed.rows_in += rows.frame.height + len(rows.malformed)
    feed.accepted += screened.accepted.height
    feed.tokenised_ids += screened.tokenised_ids
    for each in rows.malformed:
        _add_broken(feed, each.rule, 1, each.reason, rows.file, [each.record])
    broken = screened.quarantined.group_by("rules", maintain_order=True).agg(
        pl.len(), pl.col("reasons").first(), pl.col("record").head(PLACES)
    )
    for rules, count, reasons, records in broken.iter_rows():
        _add_broken(feed, ", ".join(json.loads(rules)), count, reasons, rows.file, records)
    for column in CONTRACTS[str(rows.feed)].enumerated():
        counts = screened.accepted[column].drop_nulls().value_counts()
        feed.words.setdefault(column, Counter()).update(dict(counts.iter_rows()))
    if "currency" in screened.accepted.columns:
        feed.currencies |= set(screened.accepted["currency"].drop_nulls().unique())
    feed.ignored_columns = tuple(dict.fromkeys((*feed.ignored_columns, *rows.ignored)))
    if feed.sample.height < SAMPLE_ROWS:
        wanted = screened.accepted.drop(PART).head(SAMPLE_ROWS - feed.sample.height)
        feed.sample = pl.concat([feed.sample, wanted]) if feed.sample.height else wanted


def _add_broken(feed: FeedTrial, rules: str, count: int, reason: str, file: SourceFile, records: list[int]) -> None:
    feed.quarantined[rules] += count
    feed.examples.setdefault(rules, reason)
    places = feed.places.setdefault(rules, [])
    places += [f"{file.path}:{record}" for record in records[: PLACES - len(places)]]
