"""Checks of the DuckDB files of a home: each exists, opens, can be read to its last block, and has a known layout."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from orderhouse.doctor.findings import Finding, Repair
from orderhouse.doctor.reading import Readings, read_whole
from orderhouse.serve.publishing import VERSION_FILE
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record, record_path
from orderhouse.storage.layouts import LAYOUTS, layout_of
from orderhouse.transform.stamps import read_stamp

__all__ = [
    "check_built",
    "check_predictions",
    "check_published",
    "check_received",
    "files_to_read",
    "is_whole",
    "versions_on_disk",
]

FROM_BACKUP = "Restore the home from a backup: `orderhouse restore PLACE --to NEW_HOME`."
REBUILT = "`orderhouse doctor --repair` builds it again from the received rows."
OTHER_VERSION = "`orderhouse doctor --repair` removes it and gives readers the newest version that is whole."


def files_to_read(settings: Settings) -> list[Path]:
    """Return the DuckDB files of a home, which may not exist."""
    named = (settings.raw_db, settings.vault_db, settings.predictions_db, settings.work_db, settings.warehouse_db)
    return [*named, *versions_on_disk(settings)]


def check_received(settings: Settings, readings: Readings) -> Iterator[Finding]:
    """Check the raw database and the vault, which no build can make again."""
    for kind, path in (("raw", settings.raw_db), ("vault", settings.vault_db)):
        if not path.exists():
            if _has_anything(settings):
                yield Finding(str(path), "It is missing.", FROM_BACKUP)
            continue
        problem = readings[path]
        if problem:
            yield Finding(str(path), f"It cannot be read: {problem}", FROM_BACKUP)
            continue
        yield from _check_layout(kind, path)


def check_predictions(settings: Settings, readings: Readings) -> Iterator[Finding]:
    """Check the predictions, and name files that a build set aside. A home may have none."""
    path = settings.predictions_db
    if path.exists() and readings[path]:
        yield Finding(
            str(path),
            f"It cannot be read: {readings[path]}",
            "The next run sets it aside and begins without predictions. Their record of accuracy is in backups only.",
        )
    elif path.exists():
        yield from _check_layout("predictions", path)
    for aside in sorted(settings.warehouse.glob("predictions-set-aside-*.duckdb")):
        yield Finding(
            str(aside),
            "A build set these predictions aside, because they are damaged or belong to other received rows.",
            "Delete the file, unless you want to keep its record of accuracy.",
            is_hint=True,
        )


def check_built(settings: Settings, readings: Readings) -> Iterator[Finding]:
    """Check the tables of the last build and its record, which a build makes again."""
    path = record_path(settings)
    record = load_record(settings)
    tables = (settings.work_db, settings.warehouse_db)
    if record is None:
        if path.exists():
            yield Finding(str(path), "It cannot be read.", REBUILT, Repair.REBUILD)
        elif any(each.exists() for each in tables):
            yield Finding(str(path), "It is missing.", REBUILT, Repair.REBUILD)
    elif not record.is_whole:
        yield Finding(str(path), "The last build did not finish.", "Run `orderhouse run`.", Repair.REBUILD)
    for each in tables:
        if not each.exists():
            if record is not None:
                yield Finding(str(each), "It is missing.", REBUILT, Repair.REBUILD)
            continue
        problem = readings[each]
        if problem:
            yield Finding(str(each), f"It cannot be read: {problem}", REBUILT, Repair.REBUILD)
        elif record is not None and record.is_whole and read_stamp(each) != record.build_id:
            yield Finding(str(each), "It did not come from the last build.", REBUILT, Repair.REBUILD)


def check_published(settings: Settings, readings: Readings) -> Iterator[Finding]:
    """Check every published version, its description and the pointer."""
    pointer = settings.published / "current"
    versions = versions_on_disk(settings)
    for path in versions:
        problem = readings[path]
        if problem:
            yield Finding(str(path), f"It cannot be read: {problem}", OTHER_VERSION, Repair.PUBLISHED)
        elif not _is_described(path):
            yield Finding(str(path), "Its description is missing or cannot be read.", OTHER_VERSION, Repair.PUBLISHED)
        else:
            yield from _check_layout("tables", path)
    if not pointer.exists():
        if versions:
            yield Finding(str(pointer), "It is missing, so readers find no version.", OTHER_VERSION, Repair.PUBLISHED)
    elif (name := _name_in(pointer)) not in {path.name for path in versions}:
        yield Finding(str(pointer), f"It names {name!r}, which is not there.", OTHER_VERSION, Repair.PUBLISHED)


def is_whole(path: Path) -> bool:
    """Return whether a published version can be read and is described."""
    return _is_described(path) and read_whole([path])[path] is None


def versions_on_disk(settings: Settings) -> list[Path]:
    """Return the files of published versions, newest first."""
    found = [path for path in settings.published.glob("warehouse-*.duckdb") if VERSION_FILE.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.stem.rpartition("-")[2]), reverse=True)


def _is_described(path: Path) -> bool:
    try:
        description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return bool(description["size_bytes"] == path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _name_in(pointer: Path) -> str:
    return pointer.read_text(encoding="utf-8", errors="replace").strip("\0 \n")


def _check_layout(kind: str, path: Path) -> Iterator[Finding]:
    with contextlib.closing(duckdb.connect(":memory:")) as connection:
        location = str(path).replace("'", "''")
        connection.execute(f"attach '{location}' as held (read_only)")
        connection.execute("use held")
        found = layout_of(connection)
    if found > LAYOUTS[kind]:
        yield Finding(
            str(path),
            f"A later release wrote it: its layout has version {found}, and this release reads up to {LAYOUTS[kind]}.",
            "Install the later release again.",
        )
    elif found < LAYOUTS[kind] and kind != "tables":
        yield Finding(
            str(path),
            f"An earlier release wrote it: its layout has version {found}, and the next run brings it to "
            f"{LAYOUTS[kind]}.",
            "Back up before: `orderhouse backup PLACE`.",
            is_hint=True,
        )


def _has_anything(settings: Settings) -> bool:
    """Return whether a home has ever received anything."""
    paths = (settings.raw_db, settings.vault_db, settings.vault_keys, record_path(settings), settings.published)
    return any(path.exists() for path in paths)
