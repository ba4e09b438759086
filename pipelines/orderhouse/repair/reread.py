"""Rereading: files whose records were repaired, or repaired otherwise, since they were loaded are loaded again.

Each is read as it was received, with the patches of its records, and takes the place of its earlier load in one
transaction, so that what comes of it is what would have come of a file that had never been broken. `ingest` does the
same with what it finds; this is for repairs that shall show at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orderhouse.files.source_files import SIDE_FILE, FileRejected, FileUnsettled, FileVanished
from orderhouse.ingest.discovery import Unit
from orderhouse.ingest.ledger import Known, Ledger
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
    "accepted": "was read again as repaired: what comes of the record is in its feeds",
    "withdrawn": "was read again as it came: its repair was taken back",
}


@dataclass(frozen=True)
class Reread:
    """What was read again.

    Attributes:
        batch_id: The batch that was written; None if nothing had to be read.
        sentences: What became of the records.
        notes: What else there is to say, and what waits.
    """

    batch_id: int | None = None
    sentences: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def reread(
    connection: duckdb.DuckDBPyConnection, vault: Vault, originals: Originals, sources: Mapping[str, Source]
) -> Reread:
    """Load every file again about whose records something was decided since. Doing it twice changes nothing.

    Args:
        connection: The raw database, open for writing; the caller holds the lock.
        vault: Has the values of the patches.
        originals: Where files as received are kept.
        sources: The declared sources; a file whose mapping has changed waits for `ingest`.
    """
    repairs = RecordRepairs(connection, vault)
    ledger = Ledger(connection, repairs)
    again = LoadedFiles(originals)
    units: list[Unit] = []
    notes: list[str] = []
    for source in sources.values():
        for loaded in ledger.outdated(source, set()):
            if any(known.mapping_version != source.mapping_version for known in loaded):
                if any(ledger.lacks_repairs(known) for known in loaded):
                    notes.append(_waits(loaded[0], f"the mapping of {source.name} has changed since"))
                continue
            unit = again.unit(source, loaded)
            if isinstance(unit, Known):
                notes.append(_waits(unit, "the file can no longer be read"))
            else:
                units.append(replace(unit, files=[repairs.carried_by(source.name, file) for file in unit.files]))
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
    notes += [f"{each.path} was not taken: {each.reason}" for each in reports if each.status == "rejected"]
    notes += [check.detail for check in loader.checks if check.status == "failed" and not check.is_rejected]
    if not loader.has_written:
        return Reread(notes=notes)
    return Reread(loader.batch_id, record_sentences(connection, loader.batch_id), notes)


def record_sentences(connection: duckdb.DuckDBPyConnection, batch_id: int) -> list[str]:
    """What became of repaired records whose files a batch brought again, in a sentence each."""
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
    """Load a unit again; where that cannot be done its rows stay as they were."""
    loader.begin_unit(unit)
    try:
        for file in unit.files:
            side = unit.source.base / Path(file.path + SIDE_FILE)
            loader.controls.look_beside(unit.source, file, side, is_only_file=False)
            originals.keep(file)
        for rows in FORMATS[unit.source.format].read(unit.source, unit.files):
            loader.add(unit, rows)
    except (FileRejected, FileUnsettled, FileVanished) as error:
        loader.drop_unit(unit)
        reason = getattr(error, "reason", "It is not there any more.")
        return [f"{unit.files[0].path} was not read again, and its rows stay as they were: {reason}"]
    return []


def _waits(known: Known, why: str) -> str:
    return f"{known.path}: what was decided about records of it waits: {why}. `orderhouse ingest` carries it out."
