"""Restore of a home from a backup: verify, put back, obey erasures, begin an epoch, rebuild, compare, put in force.

Everything happens in `<home>/restoring`, and its content is moved into the home as the last step. Commands refuse a
home that has this folder. A restore that was killed is continued by the same command.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orderhouse.backup.erased_tokens import listed_tokens, note_place
from orderhouse.backup.manifest import BackupManifest
from orderhouse.backup.obeying import obey_erasures
from orderhouse.backup.putting_back import put_back
from orderhouse.backup.rebuilding import Rebuilt, rebuild
from orderhouse.backup.repository import Repository
from orderhouse.errors import LockHeld, OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.operations.copying import put_back_store
from orderhouse.serve.copying import make_private, sync_folder
from orderhouse.settings import Settings
from orderhouse.storage.build_record import write_atomically
from orderhouse.storage.home_identity import begin_epoch
from orderhouse.storage.layouts import LAYOUTS
from orderhouse.storage.predictions import continue_predictions
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.vault import open_vault

__all__ = ["Restored", "TablesDiffer", "restore"]

# Names that an empty home may have: of a mounted disk, and of an earlier try.
NOT_CONTENT = {"lost+found", "lock", "restoring"}
NOTE = ".backup"
MOVING = ".moving"
LOCK = ".lock"


class TablesDiffer(OrderhouseError):
    """The rebuilt tables are not those of the backup."""

    exit_code = 1


@dataclass(frozen=True)
class Restored:
    """Result of a restore.

    Attributes:
        manifest: The backup.
        epoch: The epoch that began; None if an earlier try had begun it.
        obeyed: Number of tokens erased since the backup.
        rebuilt: The comparison of the tables; None if an earlier try had finished it.
        sources: The sources file in force; None if the backup has none.
        notes: Sentences for a person.
    """

    manifest: BackupManifest
    epoch: int | None = None
    obeyed: int = 0
    rebuilt: Rebuilt | None = None
    sources: Path | None = None
    notes: Sequence[str] = ()


def restore(
    settings: Settings,
    place: str,
    *,
    backup_id: str | None = None,
    erased: Iterable[str] = (),
    accept_differences: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Restored:
    """Restore an empty home.

    Args:
        settings: Settings of the home that is to be filled.
        place: The place of the backups.
        backup_id: The backup; the newest one by default.
        erased: Erased tokens besides those that the backups know, for example of a surviving `erased_tokens`.
        accept_differences: True to put the home in force though rebuilt tables differ from the backup's.
        say: Called with a short text about the present step.

    Raises:
        TablesDiffer: Rebuilt tables differ; the message names them.
        OrderhouseError: The home is not empty, there is no such backup, it is damaged or of a later release.
    """
    _require_empty(settings)
    repository = Repository(place)
    with _alone(settings):
        with repository.turn("restore"):
            manifest = _chosen(repository, backup_id)
            _refuse_later(manifest)
            restoring = _begin(settings, manifest)
            if (restoring / MOVING).exists():
                return _put_in_force(settings, Restored(manifest))
            put_back(repository, manifest, restoring, say)
            tokens = {*repository.erased_tokens(), *erased}
        inner = _inner(settings, manifest, restoring)
        return _restored(settings, inner, Restored(manifest), place, tokens, say, accept_differences=accept_differences)


def _restored(
    settings: Settings,
    inner: Settings,
    restored: Restored,
    place: str,
    tokens: set[str],
    say: Callable[[str], None],
    *,
    accept_differences: bool,
) -> Restored:
    """Make a home of the files that were put back, and put it in force."""
    manifest = restored.manifest
    since = tokens - listed_tokens(inner)
    say("Obeying erasures")
    obey_erasures(inner, manifest, since)
    checkpoint("restore_obeyed")
    with open_vault(inner) as vault, contextlib.closing(open_raw(inner)) as raw:
        epoch = begin_epoch(raw, vault.keys.fingerprint, f"restored from backup {manifest.backup_id}")
        continue_predictions(inner, raw)
    checkpoint("restore_epoch")
    rebuilt = rebuild(inner, manifest, say)
    if rebuilt.differences and "the dbt project" not in rebuilt.changed and not accept_differences:
        raise TablesDiffer(_refusal(settings, rebuilt))
    note_place(inner, place)
    write_atomically(inner.last_backup, manifest.taken_at)
    say("Putting the operations store back")
    sentence = put_back_store(inner)
    checkpoint("restore_built")
    notes = [sentence] if sentence else []
    return _put_in_force(settings, replace(restored, epoch=epoch, obeyed=len(since), rebuilt=rebuilt, notes=notes))


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Exclude a second restore into the same home. If nothing was put back, leave no folder of a restore."""
    make_private(settings.restoring)
    lock = settings.restoring / LOCK
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise LockHeld(f"Another restore into {settings.home} is busy. Wait for its end.") from None
    try:
        yield
    finally:
        if settings.restoring.is_dir() and [path.name for path in settings.restoring.iterdir()] == [LOCK]:
            shutil.rmtree(settings.restoring)
        os.close(descriptor)


def _require_empty(settings: Settings) -> None:
    """Refuse a home with anything in it but the rest of an earlier try."""
    if (settings.restoring / MOVING).exists() or not settings.home.exists():
        return
    found = sorted(path.name for path in settings.home.iterdir() if path.name not in NOT_CONTENT)
    if found:
        raise OrderhouseError(
            f"{settings.home} is not empty: it holds {', '.join(found[:5])}. A restore fills an empty folder only, so "
            "that it overwrites nothing. Name a new one with `--to`."
        )


def _chosen(repository: Repository, backup_id: str | None) -> BackupManifest:
    ids = repository.ids()
    if not ids:
        raise OrderhouseError(f"There is no backup in {repository.shown}. Take one: `orderhouse backup PLACE`.")
    return repository.manifest(backup_id or ids[0])


def _refuse_later(manifest: BackupManifest) -> None:
    for kind, number in manifest.layouts.items():
        if number > LAYOUTS.get(kind, 0):
            raise OrderhouseError(
                f"A later release took the backup {manifest.backup_id} (release {manifest.program}): its {kind} file "
                f"has layout {number}, and this release reads up to {LAYOUTS.get(kind, 0)}. Install that release."
            )


def _begin(settings: Settings, manifest: BackupManifest) -> Path:
    """Create the folder of the restore, or continue an earlier try of the same backup, and return it."""
    folder = settings.restoring
    note = folder / NOTE
    earlier = note.read_text(encoding="ascii") if note.exists() else None
    if earlier not in (None, manifest.backup_id):
        if (folder / MOVING).exists():
            raise OrderhouseError(
                f"A restore of the backup {earlier} into {settings.home} has not ended. Finish it: add "
                f"`--backup {earlier}`."
            )
        for path in folder.iterdir():
            if path.name != LOCK:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_atomically(note, manifest.backup_id)
    return folder


def _inner(settings: Settings, manifest: BackupManifest, restoring: Path) -> Settings:
    """Return settings under which the folder of the restore is the home."""
    sources = restoring / manifest.sources_copy if manifest.sources_copy else restoring / "sources.yaml"
    return settings.model_copy(update={"home": restoring, "sources": sources})


def _put_in_force(settings: Settings, restored: Restored) -> Restored:
    """Move everything from the folder of the restore into the home. The pointer of readers is moved last."""
    folder = settings.restoring
    (folder / MOVING).touch()
    for path in sorted(folder.iterdir(), key=lambda each: (each.name == "published", each.name)):
        if path.name in (NOTE, MOVING, LOCK):
            continue
        path.replace(settings.home / path.name)
        checkpoint("restore_moved")
    sources = _name_sources(settings, restored.manifest)
    sync_folder(settings.home)
    (folder / LOCK).unlink(missing_ok=True)
    (folder / NOTE).unlink(missing_ok=True)
    (folder / MOVING).unlink()
    folder.rmdir()
    sync_folder(settings.home)
    return replace(restored, sources=sources)


def _name_sources(settings: Settings, manifest: BackupManifest) -> Path | None:
    """Name the sources file for later runs: the one at its former place if it is the same, else the copy."""
    if manifest.sources_copy is None or manifest.sources_path is None:
        return None
    copy = settings.home / manifest.sources_copy
    former = Path(manifest.sources_path)
    is_same = former.is_file() and former.read_bytes() == copy.read_bytes()
    chosen = former if is_same and not former.is_relative_to(manifest.home) else copy
    write_atomically(settings.last_sources_file, str(chosen))
    return chosen


def _refusal(settings: Settings, rebuilt: Rebuilt) -> str:
    changed = f" These settings are not those of the backup: {', '.join(rebuilt.changed)}." if rebuilt.changed else ""
    more = len(rebuilt.differences) - 10
    shown = "\n".join(f"  {sentence}" for sentence in rebuilt.differences[:10]) + (f"\n  and {more} more" * (more > 0))
    return (
        f"The tables that were built from the restored rows are not those of the backup:\n{shown}\n"
        f"Nothing was put in force in {settings.home}.{changed} Correct the cause and run the same command again, or "
        "add `--accept-differences` to go on."
    )
