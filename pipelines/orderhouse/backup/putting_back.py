"""Files of a backup, written into the folder of a restore and compared with their hashes on the way."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from orderhouse.backup.manifest import BackedUpFile, BackupManifest, listed_paths
from orderhouse.backup.repository import CHUNK_BYTES, DamagedChunk, Repository
from orderhouse.errors import OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.serve.copying import make_private

__all__ = ["put_back"]


def put_back(repository: Repository, manifest: BackupManifest, folder: Path, say: Callable[[str], None]) -> None:
    """Write every file of a backup below a folder. A file that is there with the right hash is kept.

    Raises:
        OrderhouseError: Files of the backup are damaged; all of them are named.
    """
    damaged = []
    for done, file in enumerate(manifest.files, 1):
        say(f"Restoring {done:,} of {len(manifest.files):,} files: {file.path}")
        target = folder / file.path
        if not target.resolve().is_relative_to(folder.resolve()):
            raise OrderhouseError(f"The backup names a file outside the home: {file.path}. Nothing was restored.")
        if _is_there(target, file):
            continue
        try:
            _write(repository, file, target)
        except DamagedChunk:
            damaged.append(file.path)
        checkpoint("restore_file")
    if damaged:
        raise OrderhouseError(
            f"The backup {manifest.backup_id} is damaged in {listed_paths(damaged)}. Nothing was restored. "
            "Name another one with `--backup`."
        )
    os.sync()  # once for all files, which are of no use before the last one


def _write(repository: Repository, file: BackedUpFile, target: Path) -> None:
    make_private(target.parent)
    target.unlink(missing_ok=True)
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as written:
        for chunk in file.chunks:
            content = repository.read_chunk(chunk)
            digest.update(content)
            written.write(content)
    if digest.hexdigest() != file.sha256:
        raise DamagedChunk(file.sha256, "damaged")
    _set_state(target, file)


def _is_there(target: Path, file: BackedUpFile) -> bool:
    if not target.is_file() or target.stat().st_size != file.size_bytes:
        return False
    digest = hashlib.sha256()
    with target.open("rb") as stream:
        while block := stream.read(CHUNK_BYTES):
            digest.update(block)
    if digest.hexdigest() != file.sha256:
        return False
    _set_state(target, file)
    return True


def _set_state(target: Path, file: BackedUpFile) -> None:
    target.chmod(file.mode)
    os.utime(target, ns=(file.modified_ns, file.modified_ns))
