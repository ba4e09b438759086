"""Contents of a backup: which files of a home are primary, and how each is read while the home is not written to.

Everything that a run can compute again stays out: tables, caches, logs, records of runs, earlier published versions and
exports. Copies are taken by `snapshot`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orderhouse.backup.manifest import BackupManifest
from orderhouse.errors import OrderhouseError
from orderhouse.files.local_files import is_finished, local_mark
from orderhouse.files.source_files import FileUnreadable, FileVanished, local_file
from orderhouse.ingest.hash_cache import HashCache
from orderhouse.operations.copying import is_elsewhere
from orderhouse.serve.publishing import current_version
from orderhouse.settings import SETTINGS_FILE, Settings
from orderhouse.storage.warehouse import open_raw

__all__ = ["CONFIGURATION", "DERIVED", "PRIMARY", "Content", "contents", "name_of_sources"]

# The paths of `Settings` that a backup holds, and those that it leaves out; a test requires each path to be in one.
PRIMARY = {
    "raw_db", "vault", "vault_db", "vault_keys", "originals", "erased_tokens", "actions", "campaigns", "suppressions",
    "operations", "landing", "published", "sources_file", "last_sources_file", "predictions_db",
}  # fmt: skip
DERIVED = {
    "warehouse", "work_db", "warehouse_db", "incoming", "hash_cache_file", "known", "exports", "reports",
    "dagster_home", "logs", "runs", "lock_file", "restoring", "backup_places", "last_backup", "spill", "role_copies",
    "portal",
}  # fmt: skip

CONFIGURATION = "configuration"
log = logging.getLogger("orderhouse")

SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Content:
    """One file to back up.

    Attributes:
        path: Path in the backup.
        source: Path on this machine.
        kind: `duckdb` and `sqlite` are copied by their own means; `fixed` files are replaced and never changed in
            place; `plain` files are copied.
    """

    path: str
    source: Path
    kind: str = "plain"

    @property
    def mark(self) -> str | None:
        """Return the mark by which the next backup knows the content; None for a file that changes in place.

        Raises:
            FileVanished: The file no longer exists.
        """
        if self.kind == "loose":
            return local_mark(self.source)
        # Without the change of state: a second name of the file, as a snapshot makes, counts as one.
        stat = self.source.stat()
        return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}" if self.kind == "fixed" else None


def contents(settings: Settings, before: BackupManifest | None) -> Iterator[Content]:
    """Yield the files of a backup. The caller holds the run lock.

    Args:
        settings: Settings of the home.
        before: The backup before, of which unchanged files that landed are known.
    """
    yield Content("warehouse/raw.duckdb", settings.raw_db, "duckdb")
    if settings.predictions_db.exists():
        yield Content("warehouse/predictions.duckdb", settings.predictions_db, "duckdb")
    yield from _optional(settings, settings.warehouse / "build.json")
    if settings.vault_db.exists():
        yield Content("vault/vault.duckdb", settings.vault_db, "duckdb")
    for path in _below(settings.vault):
        inside = path.relative_to(settings.vault)
        if path == settings.vault_db or path.suffix in (".wal", ".new") or path.is_relative_to(settings.incoming):
            continue
        kind = "fixed" if path.is_relative_to(settings.originals) else "plain"
        yield Content(f"vault/{inside.as_posix()}", path, kind)
    yield from _optional(settings, settings.erased_tokens)
    # Before the operations store: the log may have later rows than its head, and no earlier ones.
    yield from _optional(settings, settings.home / "audit_log_head")
    yield from _optional(settings, settings.home / "messages_mark")
    for folder in (settings.actions, settings.campaigns, settings.suppressions, settings.operations):
        for path in _below(folder):
            # A store in PostgreSQL is copied by `snapshot`; then this file is left of an earlier setting.
            is_left = is_elsewhere(settings) and path == settings.operations / "operations.sqlite"
            if not is_left and not path.name.endswith(("-wal", "-shm", "-journal", ".lock")):
                yield Content(_inside(settings, path), path, "sqlite" if _is_sqlite(path) else "plain")
    yield from _published(settings)
    yield from _configuration(settings)
    yield from _not_received(settings, before)


def name_of_sources(settings: Settings) -> str | None:
    """Return the path of the sources file in a backup; None if there is none."""
    path = settings.sources_file
    if not path.exists():
        return None
    return _inside(settings, path) if path.is_relative_to(settings.home) else f"{CONFIGURATION}/sources.yaml"


def _published(settings: Settings) -> Iterator[Content]:
    try:
        version = current_version(settings)
    except OrderhouseError as error:  # what people send must not stay without a backup for what can be built again
        log.warning("The published version is left out of the backup. %s", error)
        return
    if version is not None:
        yield from _optional(settings, settings.published / "current")
        for path in (version.path, version.path.with_suffix(".json")):
            yield Content(_inside(settings, path), path, "fixed")


def _configuration(settings: Settings) -> Iterator[Content]:
    """Yield the files of the configuration, also those outside the home. Nothing is read from the environment."""
    name = name_of_sources(settings)
    taken = set()
    if name is not None:
        taken.add(name)
        yield Content(name, settings.sources_file)
    yield from _optional(settings, settings.last_sources_file)
    # Also the merchant's own texts of messages.
    for pattern in ("*.yaml", "*.toml", "messages/*/*.txt"):
        for path in sorted(settings.home.glob(pattern)):
            if _inside(settings, path) not in taken:
                yield Content(_inside(settings, path), path)
    with contextlib.suppress(PermissionError):
        outside = {SETTINGS_FILE: Path.cwd() / SETTINGS_FILE, "access.yaml": settings.access_file}
        for file, place in outside.items():
            if place is not None and place.is_file() and not place.is_relative_to(settings.home):
                yield Content(f"{CONFIGURATION}/{file}", place)


def _not_received(settings: Settings, before: BackupManifest | None) -> Iterator[Content]:
    """Yield files in the home's landing folder that have not been received, or whose original is not retained."""
    if not settings.landing.is_dir():
        return
    received = _received(settings)
    known = {file.path: file.mark for file in before.files} if before else {}
    hashes = HashCache(settings.hash_cache_file)
    for path in _below(settings.landing):
        if not is_finished(path.name):
            continue
        with contextlib.suppress(FileVanished, FileUnreadable):
            name, mark = _inside(settings, path), local_mark(path)
            cached = hashes.get(str(path))
            is_known = known.get(name) == mark
            file_id = cached.file_id if cached and cached.mark == mark else "" if is_known else local_file(path).file_id
            if file_id not in received or not (settings.originals / file_id[:2] / file_id).exists():
                yield Content(name, path, "loose")


def _received(settings: Settings) -> set[str]:
    with contextlib.closing(open_raw(settings, read_only=True)) as raw:
        return {file_id for (file_id,) in raw.execute("select distinct file_id from raw.files").fetchall()}


def _below(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def _optional(settings: Settings, path: Path) -> Iterator[Content]:
    if path.is_file():
        yield Content(_inside(settings, path), path)


def _inside(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.home).as_posix()


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE
