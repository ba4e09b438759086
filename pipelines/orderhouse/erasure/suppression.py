"""Originals obey the suppression list: those of an erasure, of a restore, and those that arrive afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from orderhouse.erasure.person import units_with
from orderhouse.erasure.redaction import redacted
from orderhouse.files.source_files import SourceFile
from orderhouse.ingest.repairs_in_force import RecordRepairs
from orderhouse.settings import Settings
from orderhouse.sources.config.declaration import Source, load_sources
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.warehouse import open_raw, run_lock
from orderhouse.vault.originals import Originals
from orderhouse.vault.vault import Vault, open_vault

__all__ = ["Redaction", "suppress", "suppress_recent", "redact_units", "last_batch", "take_note", "write_note"]

NOTE = "obeyed_batch"


@dataclass(frozen=True)
class Redaction:
    """How many originals were redacted, and how many could not be and are not kept any more."""

    redacted: int = 0
    dropped: int = 0


def suppress(settings: Settings) -> Redaction:
    """Make every retained original forget every erased person. A restore does this last; doing it again is harmless.

    Raises:
        LockHeld: Another run holds the warehouse.
        OrderhouseError: Nothing has been ingested, or the sources file is wrong.
    """
    sources = load_sources(settings.sources_file).sources
    with run_lock(settings, "suppress"), open_vault(settings) as vault:
        connection = open_raw(settings, read_only=True)
        try:
            originals = Originals(settings, vault.keys)
            erased = vault.suppressed()
            done = redact_units(connection, sources, originals, vault, erased, units_with(connection, erased))
            write_note(settings, last_batch(connection))
            return done
        finally:
            connection.close()


def suppress_recent(
    settings: Settings, connection: duckdb.DuckDBPyConnection, sources: Mapping[str, Source], vault: Vault
) -> None:
    """What was received since this was last done and holds an erased person is redacted."""
    erased = vault.suppressed()
    if not erased:
        return
    note = settings.vault / NOTE
    done = int(note.read_text(encoding="ascii")) if note.exists() else 0
    if last_batch(connection) > done:
        units = units_with(connection, erased, done)
        redact_units(connection, sources, Originals(settings, vault.keys), vault, erased, units)
        write_note(settings, last_batch(connection))


def write_note(settings: Settings, batch_id: int) -> None:
    """Remember that the originals of everything received up to a batch obey the list."""
    write_atomically(settings.vault / NOTE, str(batch_id))


def take_note(settings: Settings, connection: duckdb.DuckDBPyConnection, vault: Vault) -> int | None:
    """Take the note away for as long as an erasure is under way, so that one that was killed is known by its lack.

    Returns:
        The batch to note again; None if an erasure was killed, and everything has to be gone through.
    """
    note = settings.vault / NOTE
    if note.exists():
        batch_id = int(note.read_text(encoding="ascii"))
        note.unlink()
        return batch_id
    return None if vault.suppressed() else last_batch(connection)


def last_batch(connection: duckdb.DuckDBPyConnection) -> int:
    """The batch that was received last; 0 before the first."""
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
        sources: How files are read.
        originals: Where they are kept.
        vault: Computes tokens.
        erased: The tokens whose values have to go.
        units: Source and file.
        drop: Keep none of them instead.
    """
    done: set[str] = set()
    dropped: set[str] = set()
    repairs = RecordRepairs(connection, vault)
    for name, file_id in units:
        files = [repairs.carried_by(name, file) for file in _loaded_with(connection, originals, name, file_id)]
        kept = [file for file in files if originals.has(file.file_id)]
        if not kept:
            continue
        source = sources.get(name)
        copies = redacted(source, files, vault, erased) if source and len(kept) == len(files) and not drop else None
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
