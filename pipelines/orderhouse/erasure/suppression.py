"""Suppression in retained originals: redact or drop them after an erasure, after a restore and after an ingest.

A note in the vault's folder holds the last batch whose originals are done. How one file is redacted belongs to
`redaction`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from orderhouse.erasure.person import units_with
from orderhouse.erasure.redaction import redact
from orderhouse.files.source_files import SourceFile
from orderhouse.ingest.repairs_in_force import RecordRepairs
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.config.sources_file import sources_of
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.warehouse import open_raw, run_lock
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault, open_vault

__all__ = [
    "NOTE",
    "Redaction",
    "drop_rejected",
    "last_batch",
    "noted_batch",
    "redact_units",
    "remove_note",
    "suppress",
    "suppress_recent",
    "write_note",
]

NOTE = "obeyed_batch"


@dataclass(frozen=True)
class Redaction:
    """Number of originals that were redacted, and of those that could not be redacted and were deleted."""

    redacted: int = 0
    dropped: int = 0


def suppress(settings: Settings) -> Redaction:
    """Redact the values of every erased person in all retained originals.

    This is the last step of a restore. A second call changes nothing.

    Raises:
        LockHeld: Another process holds the run lock.
        OrderhouseError: Nothing has been ingested, or the sources file is wrong.
    """
    sources = sources_of(settings).sources
    with run_lock(settings, "suppress"), open_vault(settings) as vault:
        connection = open_raw(settings, read_only=True)
        try:
            originals = Originals(settings, vault.keys)
            erased = vault.suppressed()
            done = redact_units(connection, sources, originals, vault, erased, units_with(connection, erased))
            lost = drop_rejected(connection, originals) if erased else 0
            write_note(settings, last_batch(connection))
            return Redaction(done.redacted, done.dropped + lost)
        finally:
            connection.close()


def suppress_recent(
    settings: Settings, connection: duckdb.DuckDBPyConnection, sources: Mapping[str, Source], vault: Vault
) -> None:
    """Redact the values of erased people in the originals received since the last call."""
    erased = vault.suppressed()
    if not erased:
        return
    done = noted_batch(settings) or 0
    if last_batch(connection) > done:
        units = units_with(connection, erased, done)
        originals = Originals(settings, vault.keys)
        redact_units(connection, sources, originals, vault, erased, units)
        drop_rejected(connection, originals, done)
        write_note(settings, last_batch(connection))


def drop_rejected(connection: duckdb.DuckDBPyConnection, originals: Originals, after_batch: int = 0) -> int:
    """Drop the originals of rejected files, and return their number.

    A rejected file gave no rows, and its text may be in any encoding or escaped. So nobody can prove that it is free of
    a person's values.

    Args:
        connection: The raw database.
        originals: Store of the retained originals.
        after_batch: Only files of later batches are dropped.
    """
    rows = connection.execute(
        """
        select file_id from raw.files
        group by file_id having bool_and(status = 'rejected') and max(batch_id) > $after
        """,
        {"after": after_batch},
    ).fetchall()
    kept = [file_id for (file_id,) in rows if originals.has(file_id)]
    for file_id in kept:
        originals.drop(file_id)
    return len(kept)


def write_note(settings: Settings, batch_id: int) -> None:
    """Store the last batch up to which all originals are redacted."""
    write_atomically(settings.vault / NOTE, str(batch_id))


def noted_batch(settings: Settings) -> int | None:
    """Return the last batch whose originals are done; None without a note, or if it is damaged."""
    note = settings.vault / NOTE
    text = note.read_bytes().decode("ascii", errors="replace").strip() if note.exists() else ""
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def remove_note(settings: Settings, connection: duckdb.DuckDBPyConnection, vault: Vault) -> int | None:
    """Delete the note until the erasure is complete, so that a missing note tells of a killed erasure.

    Returns:
        The batch to be noted again; None if an erasure was killed and all originals have to be redacted.
    """
    noted = noted_batch(settings)
    (settings.vault / NOTE).unlink(missing_ok=True)
    if noted is not None:
        return noted
    return None if vault.suppressed() else last_batch(connection)


def last_batch(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the last batch; 0 before the first."""
    ((last,),) = connection.execute("select coalesce(max(batch_id), 0) from raw.batches").fetchall()
    return int(last)


def redact_units(
    connection: duckdb.DuckDBPyConnection,
    sources: Mapping[str, Source],
    originals: Originals,
    vault: Vault,
    erased: set[str],
    units: Iterable[tuple[str, str]],
    *,
    drop: bool = False,
) -> Redaction:
    """Redact the retained originals of some files, with the files that were loaded together with them.

    Args:
        connection: The raw database.
        sources: The declared sources.
        originals: Store of the retained originals.
        vault: The vault, which computes tokens.
        erased: The erased tokens.
        units: Source and file of each row with such a token.
        drop: True to delete the originals instead.

    Returns:
        The numbers of originals redacted and deleted.
    """
    done: set[str] = set()
    dropped: set[str] = set()
    repairs = RecordRepairs(connection, vault)
    for name, file_id in units:
        files = [repairs.with_patches(name, file) for file in _loaded_with(connection, originals, name, file_id)]
        kept = [file for file in files if originals.has(file.file_id)]
        if not kept:
            continue
        source = sources.get(name)
        copies = redact(source, files, vault, erased) if source and len(kept) == len(files) and not drop else None
        if copies is None:
            for file in kept:
                originals.drop(file.file_id)
            dropped |= {file.file_id for file in kept}
            continue
        for copy in copies.values():
            originals.replace(copy)
        done |= copies.keys()
    return Redaction(len(done - dropped), len(dropped))


def _loaded_with(
    connection: duckdb.DuckDBPyConnection, originals: Originals, source: str, file_id: str
) -> list[SourceFile]:
    """Return the originals of a file and of the files that were loaded together with it."""
    rows = connection.execute(
        """
        select file_id, max(path), max(size_bytes) from raw.files
        where source = $source and (
            file_id = $file or bundle_id in (select bundle_id from raw.files where file_id = $file and source = $source)
        )
        group by file_id order by max(path)
        """,
        {"source": source, "file": file_id},
    ).fetchall()
    return [originals.file(*row) for row in rows]
