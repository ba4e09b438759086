"""Rebuilding of the derived files of a restored home, and their comparison with the published version of the backup."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orderhouse.backup.manifest import BackedUpVersion, BackupManifest
from orderhouse.backup.table_hashes import differing, table_hashes
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, load_record
from orderhouse.storage.predictions import copy_predictions
from orderhouse.storage.received_until import copy_received
from orderhouse.transform import build
from orderhouse.transform.fingerprint import changed_parts

__all__ = ["Rebuilt", "rebuild"]


@dataclass(frozen=True)
class Rebuilt:
    """Result of a rebuild.

    Attributes:
        compared: Number of tables that were compared; 0 if nothing was published.
        differences: One sentence for each table that differs.
        changed: Names of the definitions and settings that are not those of the backup.
    """

    compared: int = 0
    differences: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def rebuild(settings: Settings, manifest: BackupManifest, say: Callable[[str], None]) -> Rebuilt:
    """Build the tables of a restored home, and compare them with the backup's published version.

    If that version holds an earlier batch than the raw database, it is built apart, from the rows received until then.

    Args:
        settings: Settings of the restored home.
        manifest: Manifest of the backup.
        say: Called with a short text about the present step.
    """
    before = load_record(settings)
    version = manifest.published
    say("Building the tables")
    if version is None:
        if before is not None:
            _build(settings, before)
        return Rebuilt()
    if before is not None and before.build_id == version.build_id and version.batch_id == manifest.batch_id:
        changed = _build(settings, before)
        found = table_hashes(settings.warehouse_db, threads=settings.threads)
    else:
        found, changed = _tables_then(settings, version, before)
        if before is not None:
            _build(settings, before)
    expected = version.tables
    if manifest.engine != duckdb.__version__:  # another release hashes otherwise; the file itself was verified
        path = settings.published / f"warehouse-{version.number}.duckdb"
        expected = table_hashes(path, threads=settings.threads)
    return Rebuilt(len(expected), tuple(differing(expected, found)), tuple(changed))


def _build(settings: Settings, before: BuildRecord) -> list[str]:
    """Build everything under the clock of the build before; return the parts of the fingerprint that changed."""
    wall_clock = _instant(before.wall_clock)
    as_of = before.as_of_mode if before.as_of_mode != "instant" else f"{before.as_of}+00:00"
    result = build(settings, as_of=as_of, full=True, now=wall_clock)
    return changed_parts(before.fingerprint, result.record.fingerprint)


def _tables_then(
    settings: Settings, version: BackedUpVersion, before: BuildRecord | None
) -> tuple[dict[str, tuple[int, str]], list[str]]:
    """Build the rows received up to the batch of a version; return the hashes of its tables."""
    folder: Path = settings.home / "then"
    shutil.rmtree(folder, ignore_errors=True)
    then = settings.model_copy(update={"home": folder})
    copy_received(settings, then, version.batch_id)
    copy_predictions(settings, then, datetime.now(UTC).replace(tzinfo=None), version.batch_id)
    result = build(then, as_of=f"{version.as_of}+00:00", full=True, origin=settings)
    found = table_hashes(then.warehouse_db, threads=settings.threads)
    shutil.rmtree(folder, ignore_errors=True)
    parts = changed_parts(before.fingerprint, result.record.fingerprint) if before else []
    return found, [part for part in parts if part == "the dbt project" or part.startswith("the setting")]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
