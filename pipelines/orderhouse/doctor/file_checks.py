"""Checks of everything beside the DuckDB files: permissions, leftovers, SQLite files, disk space, an open restore."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from orderhouse.backup.snapshot import left_snapshots
from orderhouse.doctor.findings import Finding, Repair
from orderhouse.erasure.suppression import NOTE, noted_batch
from orderhouse.errors import OrderhouseError
from orderhouse.operations.audit_log import head_of
from orderhouse.settings import Settings
from orderhouse.vault.erased_list import read_erased

__all__ = ["check_leftovers", "check_notes", "check_permissions", "check_space", "check_sqlite"]

SQLITE = b"SQLite format 3\x00"
# Readers and exports take no run lock, so their drafts count as left only after a day.
LEFT_SECONDS = 86_400.0


def check_permissions(settings: Settings) -> Iterator[Finding]:
    """Check that only the owner may read personal data and keys."""
    cure = "`orderhouse doctor --repair` takes the permissions away."
    for path in (settings.vault, settings.vault_keys, settings.vault_db):
        if path.exists() and path.stat().st_mode & 0o077:
            what = f"Others than its owner may use it (permissions {path.stat().st_mode & 0o777:o})."
            yield Finding(str(path), what, cure, Repair.PERMISSIONS)


def check_leftovers(settings: Settings) -> Iterator[Finding]:
    """Find what killed processes left. The caller holds the run lock, so no run is busy."""
    cure = "`orderhouse doctor --repair` removes it."
    for path in sorted({*left_snapshots(settings), *_drafts(settings)}):
        yield Finding(str(path), "A process that was killed left it.", cure, Repair.REMOVE)


def check_sqlite(settings: Settings) -> Iterator[Finding]:
    """Check every SQLite file with its own check of integrity."""
    cures = {
        settings.dagster_home: "End `orderhouse up` and remove the folder. Only the history of runs is lost.",
        settings.operations: "Restore it from a backup.",
    }
    for folder, cure in cures.items():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and (path.suffix in (".db", ".sqlite") or _is_sqlite(path)):
                problem = _sqlite_problem(path)
                if problem:
                    yield Finding(str(path), f"It is damaged: {problem}", cure)
    cache = settings.hash_cache_file
    if cache.exists() and (problem := _sqlite_problem(cache)):
        cure = "`orderhouse doctor --repair` removes it. It is a cache."
        yield Finding(str(cache), f"It is damaged: {problem}", cure, Repair.REMOVE)


def check_notes(settings: Settings) -> Iterator[Finding]:
    """Check the small files of the home that say what was erased and recorded."""
    for path, read in ((settings.erased_tokens, _erased), (settings.home / "audit_log_head", head_of)):
        try:
            read(settings)
        except OrderhouseError as error:
            what, _, cure = error.message.removeprefix(f"{path} ").partition(". ")
            yield Finding(str(path), f"It {what}.", cure)
    note = settings.vault / NOTE
    if note.exists() and noted_batch(settings) is None:
        cure = "`orderhouse doctor --repair` removes it; the next receipt examines all originals again."
        yield Finding(str(note), "It is damaged: it names no batch.", cure, Repair.REMOVE)


def _erased(settings: Settings) -> object:
    return read_erased(settings.erased_tokens)


def check_space(settings: Settings) -> Iterator[Finding]:
    """Check that the disk has room for the next publication, and the free space that the settings ask for."""
    free = shutil.disk_usage(settings.home).free
    size = settings.warehouse_db.stat().st_size if settings.warehouse_db.exists() else 0
    wanted = max(2 * size, int(settings.alert_free_disk))
    if free < wanted:
        yield Finding(
            str(settings.home),
            f"The disk has {free / 1e9:,.1f} GB left, and a run may need {wanted / 1e9:,.1f} GB.",
            "Free some space, or move the home to a larger disk.",
        )


def _drafts(settings: Settings) -> Iterator[Path]:
    """Yield drafts: files and folders that are renamed or removed when their writer ends."""
    yield from settings.vault.rglob("*.new")
    yield from settings.incoming.glob("*")
    yield from settings.warehouse.glob(".*.new")
    yield from settings.vault.glob(".*.new")
    yield from settings.home.glob(".*.incoming")
    yield from settings.published.glob(".incoming-*")
    for folder in (settings.warehouse, settings.vault, settings.published, settings.runs):
        yield from folder.glob(".*.incoming")
    for path in (*settings.known.glob("building-*"), *settings.exports.glob(".outgoing-*")):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > LEFT_SECONDS:
                yield path


def _is_sqlite(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE
    return False


def _sqlite_problem(path: Path) -> str | None:
    """Return the first problem that SQLite finds in a file; None if there is none, or if it is being written."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            ((found,),) = connection.execute("pragma integrity_check(1)").fetchall()
    except sqlite3.OperationalError as error:
        return None if "locked" in str(error) else str(error)
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else str(found).splitlines()[-1]
