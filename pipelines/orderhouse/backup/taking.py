"""Taking of a backup: copy the primary files of a home into a repository, and describe them in a manifest.

A kill at any moment leaves no manifest, and so no backup; the next one uses the chunks that were stored.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import duckdb

from orderhouse.backup.contents import name_of_sources
from orderhouse.backup.erased_tokens import listed_tokens, note_place
from orderhouse.backup.manifest import MANIFEST_VERSION, BackedUpFile, BackedUpVersion, BackupManifest
from orderhouse.backup.repository import Repository
from orderhouse.backup.snapshot import Copied, snapshot
from orderhouse.backup.table_hashes import table_hashes
from orderhouse.errors import OrderhouseError
from orderhouse.files.object_stores import is_address
from orderhouse.serve.publishing import current_version
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.home_identity import Identity, identity, lineage
from orderhouse.storage.layouts import layout_of
from orderhouse.storage.warehouse import open_raw

__all__ = ["TakenBackup", "back_up"]


@dataclass(frozen=True)
class TakenBackup:
    """Result of a backup: its manifest, and how many files and bytes were new to the repository."""

    manifest: BackupManifest
    new_files: int
    new_bytes: int


def back_up(
    settings: Settings, place: str, *, wait_seconds: float, say: Callable[[str], None] = lambda text: None
) -> TakenBackup:
    """Take a backup of a home. Runs may begin as soon as its databases are copied.

    Args:
        settings: Settings of the home.
        place: A folder, or an address such as `s3://bucket/folder`.
        wait_seconds: Seconds to wait for a run that is going on.
        say: Called with a short text about the present step.

    Raises:
        LockHeld: A run still has the lock, or another process uses the repository.
        OrderhouseError: Nothing has been ingested yet, the repository holds backups of another home, or it refuses.
    """
    _refuse_own_folder(settings, place)
    repository = Repository(place)
    with repository.turn("backup"):
        say("Looking at earlier backups")
        repository.begin_writing()
        newest = repository.newest()
        before = repository.without_lost_chunks(newest) if newest else None
        taken_at = _later_than(before)
        with snapshot(settings, before, wait_seconds, say) as (folder, copied):
            described = _describe(settings, folder, before, taken_at, say)
            if before is not None and before.store_id not in ("", described.store_id):
                raise OrderhouseError(
                    f"{repository.shown} holds backups of another home (its store is {before.store_id}, this one is "
                    f"{described.store_id}). Name another folder."
                )
            repository.note_erased(listed_tokens(settings))
            files = tuple(_stored(repository, copied, say))
        manifest = _with_files(described, files)
        say("Writing the manifest")
        repository.commit(manifest)
    note_place(settings, place)
    write_atomically(settings.last_backup, manifest.taken_at)
    known = before.chunks if before else set()
    new = [file for file in files if not known.issuperset(file.chunks)]
    return TakenBackup(manifest, len(new), sum(file.size_bytes for file in new))


def _later_than(before: BackupManifest | None) -> datetime:
    """Return the present instant; if the clock was set back, one after the last backup, since ids order backups."""
    now = datetime.now(UTC)
    if before is None:
        return now
    last = datetime.strptime(before.backup_id, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
    return max(now, last + timedelta(microseconds=1))


def _refuse_own_folder(settings: Settings, place: str) -> None:
    """Refuse a folder whose content would be part of the next backup."""
    folder = Path(place).expanduser().absolute()
    for own in (
        settings.landing, settings.actions, settings.campaigns, settings.suppressions, settings.operations,
        settings.vault, settings.published,
    ):  # fmt: skip
        if not is_address(place) and folder.is_relative_to(own):
            raise OrderhouseError(f"{own} is itself backed up. Name a folder outside the home, on another disk.")


def _describe(
    settings: Settings, folder: Path, before: BackupManifest | None, taken_at: datetime, say: Callable[[str], None]
) -> BackupManifest:
    """Return the manifest of the copies in a folder, still without files."""
    layouts = {}
    with contextlib.closing(open_raw(settings.model_copy(update={"home": folder}), read_only=True)) as raw:
        found = identity(raw) or Identity("", 0, "")
        ((batch_id,),) = raw.execute("select coalesce(max(batch_id), 0) from raw.batches").fetchall()
        lineage_of_rows = lineage(raw, batch_id) if found.store_id else ""
        layouts["raw"] = layout_of(raw)
    vault = folder / "vault" / "vault.duckdb"
    if vault.exists():
        with contextlib.closing(duckdb.connect(str(vault), read_only=True)) as connection:
            layouts["vault"] = layout_of(connection)
    sources = settings.sources_file
    return BackupManifest(
        manifest_version=MANIFEST_VERSION,
        backup_id=f"{taken_at:%Y%m%dT%H%M%S.%fZ}",
        taken_at=taken_at.isoformat(timespec="seconds"),
        program=version("orderhouse"),
        engine=duckdb.__version__,
        home=str(settings.home),
        sources_path=str(sources) if sources.exists() else None,
        sources_copy=name_of_sources(settings),
        store_id=found.store_id,
        epoch=found.epoch,
        batch_id=batch_id,
        lineage=lineage_of_rows,
        key_fingerprint=found.key_fingerprint,
        erased=len(listed_tokens(settings)),
        layouts=layouts,
        published=_published(settings, folder, before, say),
        files=(),
    )


def _published(
    settings: Settings, folder: Path, before: BackupManifest | None, say: Callable[[str], None]
) -> BackedUpVersion | None:
    """Return the published version that was copied, with the hashes of its tables."""
    described = current_version(settings.model_copy(update={"home": folder}))
    if described is None:
        return None
    known = before.published if before and before.engine == duckdb.__version__ else None
    if known is not None and known.build_id == described.build_id:
        tables = known.tables
    else:
        say("Hashing the published tables")
        tables = table_hashes(described.path, threads=settings.threads)
    return BackedUpVersion(described.number, described.build_id, described.as_of, described.batch_id, tables)


def _stored(repository: Repository, copied: list[Copied], say: Callable[[str], None]) -> Iterator[BackedUpFile]:
    """Store the copies and yield their descriptions. A file that another program removed meanwhile is left out."""
    yield from (each.known for each in copied if each.known is not None)
    waiting = [each for each in copied if each.known is None]
    opened: list[Copied] = []
    for done, (digest, size, chunks) in enumerate(repository.add(_streams(waiting, opened)), 1):
        each = opened[-1]
        say(f"Storing {done:,} of {len(waiting):,} files: {each.content.path}")
        yield BackedUpFile(
            path=each.content.path,
            size_bytes=size,
            sha256=digest,
            mode=each.stat.st_mode & 0o777,
            modified_ns=each.stat.st_mtime_ns,
            chunks=chunks,
            mark=each.mark,
        )


def _streams(waiting: list[Copied], opened: list[Copied]) -> Iterator[BinaryIO]:
    for each in waiting:
        path = each.path or each.content.source
        try:
            stream: BinaryIO = path.open("rb")
        except FileNotFoundError:
            continue
        with stream:
            opened.append(each)
            yield stream


def _with_files(described: BackupManifest, files: tuple[BackedUpFile, ...]) -> BackupManifest:
    return replace(described, files=tuple(sorted(files, key=lambda file: file.path)))
