"""Keeping of backups: list them, verify their hashes, and remove old ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orderhouse.backup.manifest import BackupManifest, listed_paths
from orderhouse.backup.repository import DamagedChunk, Repository
from orderhouse.errors import OrderhouseError

__all__ = ["Pruned", "VerifiedBackups", "list_backups", "prune", "verify_backups"]


@dataclass(frozen=True)
class VerifiedBackups:
    """Result of a verification.

    Attributes:
        checked: Ids of the backups that were checked.
        chunks: Number of chunks that were read.
        problems: One sentence for each damaged or missing chunk, and for each damaged manifest.
    """

    checked: list[str]
    chunks: int
    problems: list[str]


@dataclass(frozen=True)
class Pruned:
    """Result of a prune: ids of the backups kept and removed, and the number of chunks removed."""

    kept: list[str]
    removed: list[str]
    chunks: int


def list_backups(place: str) -> tuple[list[BackupManifest], list[str]]:
    """Return the backups of a place, newest first, and a sentence for each that cannot be read."""
    repository = Repository(place)
    found, problems = [], []
    for backup_id in repository.ids():
        try:
            found.append(repository.manifest(backup_id))
        except OrderhouseError as error:
            problems.append(error.message)
    return found, problems


def verify_backups(
    place: str, backup_id: str | None = None, say: Callable[[str], None] = lambda text: None
) -> VerifiedBackups:
    """Read every chunk of one backup, or of all, and compare it with its hash.

    A damaged chunk is renamed, so that the next backup writes it again if the home still has that content.

    Raises:
        OrderhouseError: There is no such backup, or the place refuses.
    """
    repository = Repository(place)
    with repository.turn("verify"):
        ids = [backup_id] if backup_id else repository.ids()
        manifests, problems = [], []
        for each in ids:
            try:
                manifests.append(repository.manifest(each))
            except OrderhouseError as error:
                if backup_id:
                    raise
                problems.append(error.message)
        chunks = sorted({chunk for manifest in manifests for chunk in manifest.chunks})
        for done, chunk in enumerate(chunks, 1):
            say(f"Reading {done:,} of {len(chunks):,} chunks")
            try:
                repository.read_chunk(chunk)
            except DamagedChunk as error:
                problems.append(_sentence(repository, manifests, error))
    return VerifiedBackups([manifest.backup_id for manifest in manifests], len(chunks), problems)


def prune(place: str, keep: int) -> Pruned:
    """Remove all but the newest backups, with the chunks that no other backup names.

    Args:
        place: The place of the backups.
        keep: Number of backups to keep, at least 1.

    Raises:
        LockHeld: Another process uses the place.
        OrderhouseError: A backup that is kept has a damaged manifest. Nothing is removed.
    """
    if keep < 1:
        raise OrderhouseError("`--keep` must be at least 1: the newest backup is never removed.")
    repository = Repository(place)
    with repository.turn("prune"):
        ids = repository.ids()
        removed = repository.remove(ids[keep:])
    return Pruned(ids[:keep], ids[keep:], removed)


def _sentence(repository: Repository, manifests: list[BackupManifest], error: DamagedChunk) -> str:
    named = [manifest.backup_id for manifest in manifests if error.chunk in manifest.chunks]
    paths = {file.path for manifest in manifests for file in manifest.files if error.chunk in file.chunks}
    aside = error.what == "damaged" and repository.set_aside(error.chunk)
    cure = (
        "The next backup writes it again if the home still has that content."
        if aside or error.what != "damaged"
        else ""
    )
    return f"{listed_paths(paths)} of {listed_paths(named)}: the chunk {error.chunk} is {error.what}. {cure}".rstrip()
