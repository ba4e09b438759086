"""Reread: load files again whose records got new or changed repairs since they were loaded.

A file is read as received, with the patches of its records. The new load supersedes the earlier one in one transaction,
so that the result is that of a file without errors. An ingest rereads such files as well; this module serves commands
that apply a repair at once. Recording of repairs belongs to `records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orderhouse.files.source_files import SIDE_FILE, FileRejected, FileUnsettled, FileVanished
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.ledger import KnownFile, Ledger
from orderhouse.ingest.loaded_files import LoadedFiles
from orderhouse.ingest.loading import Loader
from orderhouse.ingest.repairs_in_force import RecordRepairs
from orderhouse.ingest.results import FileReport
from orderhouse.repair.decisions import next_batch
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault

__all__ = ["Reread", "record_sentences", "reread"]

OUTCOMES = {
    "accepted": "was reread with its repair: the rows of the record are in their feeds",
    "withdrawn": "was reread as received: its repair was withdrawn",
}


@dataclass(frozen=True)
class Reread:
    """Result of a reread.

    Attributes:
        batch_id: The batch that was written; None if nothing had to be read.
        sentences: Outcomes of the repaired records.
        notes: Sentences about pending repairs, failed control totals and files that were not reread.
    """

    batch_id: int | None = None
    sentences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def reread(
    connection: duckdb.DuckDBPyConnection, vault: Vault, originals: Originals, sources: Mapping[str, Source]
) -> Reread:
    """Load every file again whose records have new decisions. A second reread changes nothing.

    Args:
        connection: The raw database, open for writing; the caller holds the run lock.
        vault: Store of the values of the patches.
        originals: Store of the files as received.
        sources: The declared sources. A file whose mapping has changed is left to `ingest`, with a note.
    """
    repairs = RecordRepairs(connection, vault)
    ledger = Ledger(connection, repairs)
    loaded_files = LoadedFiles(originals)
    units: list[Unit] = []
    notes: list[str] = []
    for source in sources.values():
        for loaded in ledger.outdated(source, set()):
            if any(known.mapping_version != source.mapping_version for known in loaded):
                if any(ledger.lacks_repairs(known) for known in loaded):
                    notes.append(_pending_note(loaded[0], f"the mapping of {source.name} has changed since"))
                continue
            unit = loaded_files.unit(source, loaded)
            if isinstance(unit, KnownFile):
                notes.append(_pending_note(unit, "the file can no longer be read"))
            else:
                units.append(replace(unit, files=[repairs.with_patches(source.name, file) for file in unit.files]))
    if not units:
        return Reread(notes=notes)
    loader = Loader(connection, vault, ledger, next_batch(connection), datetime.now(UTC).replace(tzinfo=None))
    reports: list[FileReport] = []
    try:
        for unit in units:
            left = _load(loader, originals, unit)
            notes += [*repairs.notes(unit.source.name, unit.files), *left]
            reports += [] if left else loader.finish_unit(unit)
        reports += loader.commit()
    except BaseException:
        loader.abandon()
        raise
    finally:
        loader.close()
    loader.finish_batch()
    notes += [f"{each.path} was refused: {each.reason}" for each in reports if each.status == "rejected"]
    notes += [check.detail for check in loader.checks if check.status == "failed" and not check.is_rejected]
    if not loader.has_written:
        return Reread(notes=notes)
    return Reread(loader.batch_id, record_sentences(connection, loader.batch_id), notes)


def record_sentences(connection: duckdb.DuckDBPyConnection, batch_id: int) -> list[str]:
    """Return one sentence for each repaired record whose file was reread in a batch."""
    found = connection.execute(
        """
        select quarantine.path || ':' || replays.record, replays.outcome, replays.reasons
        from raw.replays inner join raw.quarantine as quarantine using (quarantine_id)
        where replays.feed is null and replays.batch_id = ? and not starts_with(replays.outcome, 'no_longer')
        order by all
        """,
        [batch_id],
    ).fetchall()
    return [
        f"{place} {OUTCOMES.get(outcome) or f'stays in quarantine: {reasons}'}." for place, outcome, reasons in found
    ]


def _load(loader: Loader, originals: Originals, unit: Unit) -> list[str]:
    """Load a unit again. If that fails, keep its earlier load and return a note."""
    loader.begin_unit(unit)
    try:
        for file in unit.files:
            side = unit.source.base / Path(file.path + SIDE_FILE)
            loader.controls.register(unit.source, file, side, is_only_file=False)
            originals.keep(file)
        for rows in FORMATS[unit.source.format].read(unit.source, unit.files):
            loader.add(unit, rows)
    except (FileRejected, FileUnsettled, FileVanished) as error:
        loader.drop_unit(unit)
        reason = getattr(error, "reason", "It no longer exists.")
        return [f"{unit.files[0].path} was not reread, and its rows keep their earlier load: {reason}"]
    return []


def _pending_note(known: KnownFile, why: str) -> str:
    return f"{known.path}: repairs of its records are pending: {why}. `orderhouse ingest` applies them."
