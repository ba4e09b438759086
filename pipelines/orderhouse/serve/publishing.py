"""Publication: make the audited warehouse file the next published version, in one atomic step.

`published/current` names the current version. `warehouse-<n>.duckdb` is a version, `warehouse-<n>.json` its
description. They are written in the order copy, description, pointer. After a kill in between, the next publication
completes or deletes the rest. The audit itself belongs to `orderhouse.audit`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from orderhouse.errors import AuditRefused, OrderhouseError
from orderhouse.faults import checkpoint
from orderhouse.serve.copying import copy_file, sync_folder
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, load_record, write_atomically
from orderhouse.wording import counted

__all__ = [
    "PublishedVersion",
    "Refusal",
    "current_version",
    "find_version",
    "list_versions",
    "load_refusal",
    "point_at",
    "publish",
    "record_refusal",
    "rollback",
    "versions_locked",
]

VERSION_FILE = re.compile(r"warehouse-(\d+)\.duckdb")
PUBLISHED_SCHEMAS = ("marts", "ops", "quality")


@dataclass(frozen=True)
class PublishedVersion:
    """One version that readers can open.

    Attributes:
        number: Number of the version, from 1.
        path: The DuckDB file.
        published_at: Instant of publication, UTC, ISO-8601.
        as_of: The clock of its numbers, as UTC text with microseconds.
        batch_id: The greatest batch in it.
        build_id: The build that it is a copy of.
        business_time_zone: Time zone of its business days.
        reporting_currency: Its reporting currency.
        size_bytes: Size of the file.
        rows: Rows by `schema.table`.
        is_current: True if readers get this version.
    """

    number: int
    path: Path
    published_at: str
    as_of: str
    batch_id: int
    build_id: str
    business_time_zone: str
    reporting_currency: str
    size_bytes: int
    rows: dict[str, int] = field(default_factory=dict)
    is_current: bool = False


@dataclass(frozen=True)
class Refusal:
    """Reason why readers still get an older version.

    Attributes:
        since: Instant of the first refusal since the last publication, UTC, ISO-8601.
        at: Instant of the last refusal, UTC, ISO-8601.
        failures: Name, failed rows and detail of each check that failed in the last refusal.
    """

    since: str
    at: str
    failures: list[dict[str, Any]]


def publish(settings: Settings, *, again: bool = True) -> PublishedVersion:
    """Make the audited build the current version. The caller holds the run lock.

    A build that is published already is not copied again. It becomes current again, which undoes a rollback.

    Args:
        settings: Settings of the home.
        again: True to undo a rollback of this build; a scheduled run does not.

    Raises:
        AuditRefused: The audit of this build did not pass, or there was none.
        OrderhouseError: There is no finished build.
    """
    record = _audited(settings)
    settings.published.mkdir(parents=True, exist_ok=True)
    with versions_locked(settings):
        number = _next_number(settings)
        _clear_remains(settings)
        versions = list_versions(settings)
        same = next((version for version in versions if version.build_id == record.build_id), None)
        if same is not None and _build_in(same.path) != record.build_id:  # the copy was damaged later
            same = None
        version = same or _add_version(settings, record, number)
        if not version.is_current and (again or _withdrawn_build(settings) != record.build_id):
            point_at(settings, version.number)
            checkpoint("publish_pointed")
            _withdrawn_path(settings).unlink(missing_ok=True)
        _refusal_path(settings).unlink(missing_ok=True)
        _prune(settings)
        published = find_version(settings, version.number)
    if settings.engine.kind == "spark" and published.is_current:
        from orderhouse.transform.on_spark import point_storage_at  # brings pyarrow's file systems

        point_storage_at(settings, record)
    return published


def list_versions(settings: Settings) -> list[PublishedVersion]:
    """Return all versions that are kept and whose description can be read, newest first."""
    current = _current_name(settings)
    paths = [path for path in settings.published.glob("warehouse-*.duckdb") if VERSION_FILE.fullmatch(path.name)]
    found = [version for path in paths if (version := _described(path, is_current=path.name == current))]
    return sorted(found, key=lambda version: version.number, reverse=True)


def _described(path: Path, *, is_current: bool) -> PublishedVersion | None:
    """Return a version; None if its description is missing or damaged."""
    try:
        values = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return PublishedVersion(**values, path=path, is_current=is_current)
    except (FileNotFoundError, ValueError, TypeError):
        return None


def current_version(settings: Settings) -> PublishedVersion | None:
    """Return the current version; None before the first one.

    Raises:
        OrderhouseError: There is a current version, but its pointer or its description is damaged or missing.
    """
    versions = list_versions(settings)
    name = _current_name(settings)
    found = next((version for version in versions if version.is_current), None)
    if found is None and name is not None:
        is_name = VERSION_FILE.fullmatch(name)
        damaged = (settings.published / name).with_suffix(".json") if is_name else settings.published / "current"
        others = ", ".join(str(version.number) for version in versions)
        instead = f"Make one of the versions {others} current with `orderhouse rollback`, or" if others else "To"
        raise OrderhouseError(f"{damaged} is damaged or missing. {instead} publish again with `orderhouse run`.")
    return found


def find_version(settings: Settings, number: int | None = None) -> PublishedVersion:
    """Return one version; the current one by default.

    Raises:
        OrderhouseError: Nothing is published yet, or that version is not kept.
    """
    if number is None:
        current = current_version(settings)
        if current is not None:
            return current
        raise OrderhouseError(f"Nothing has been published in {settings.home} yet. Run `orderhouse run` first.")
    versions = list_versions(settings)
    for version in versions:
        if version.number == number:
            return version
    kept = ", ".join(str(version.number) for version in versions) or "none"
    raise OrderhouseError(f"There is no version {number}. Versions kept: {kept}.")


def rollback(settings: Settings, number: int) -> PublishedVersion:
    """Make an earlier version current, also while a run is busy.

    The build from which readers are rolled back is noted, so that a scheduled run does not publish it again.

    Raises:
        OrderhouseError: That version is not kept.
    """
    find_version(settings, number)
    with versions_locked(settings):
        version = find_version(settings, number)
        newest = list_versions(settings)[0]
        write_atomically(_withdrawn_path(settings), newest.build_id)
        point_at(settings, version.number)
        return find_version(settings, number)


@contextlib.contextmanager
def versions_locked(settings: Settings) -> Iterator[None]:
    """Lock the published versions against another publication or rollback, and wait for it; each takes seconds."""
    descriptor = os.open(settings.published, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def record_refusal(settings: Settings) -> None:
    """Store the refusal of the last build for readers; the next publication deletes it."""
    record = load_record(settings)
    if record is None or record.audit is None or record.audit.passed:
        return
    before = load_refusal(settings)
    at = record.audit.at
    refusal = Refusal(since=before.since if before else at, at=at, failures=record.audit.failures)
    write_atomically(_refusal_path(settings), json.dumps(asdict(refusal), indent=2))


def load_refusal(settings: Settings) -> Refusal | None:
    """Return the refusal of the newest build; None if there is none."""
    try:
        return Refusal(**json.loads(_refusal_path(settings).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):  # a damaged note is written anew by the next refusal
        return None


def _audited(settings: Settings) -> BuildRecord:
    """Return the record of the last build; raise unless it is finished and passed its audit."""
    record = load_record(settings)
    if record is None or not record.is_whole:
        raise OrderhouseError("There is no finished build to publish. Run `orderhouse build` first.")
    if _stamped_build(settings) != record.build_id:
        raise OrderhouseError(f"{settings.warehouse_db} is not from the last build. Run `orderhouse build --full`.")
    if record.has_passed:
        return record
    if record.audit is None:
        raise AuditRefused("This build has not been audited. Run `orderhouse audit` first.")
    names = "; ".join(
        f"{failure['name']}: {counted(failure['failed_rows'], 'row')}" for failure in record.audit.failures
    )
    raise AuditRefused(f"The audit refused this build, so nothing was published ({names}).")


def _stamped_build(settings: Settings) -> str | None:
    """Return the build id that the warehouse file contains. The checkpoint also merges the file's write-ahead log."""
    if not settings.warehouse_db.exists():
        return None
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute("checkpoint")
        row = warehouse.execute("select build_id from meta.build").fetchone()
    return str(row[0]) if row else None


def _build_in(path: Path) -> str | None:
    """Return the build id that a published file contains; None if it cannot be read."""
    try:
        with duckdb.connect(str(path), read_only=True) as version:
            row = version.execute("select build_id from meta.build").fetchone()
    except duckdb.Error:
        return None
    return str(row[0]) if row else None


def _next_number(settings: Settings) -> int:
    """Return a number that no version has had, also none whose description is damaged now: readers may have it open."""
    described = (path.with_suffix(".duckdb").name for path in settings.published.glob("warehouse-*.json"))
    return max((int(name[1]) for each in described if (name := VERSION_FILE.fullmatch(each))), default=0) + 1


def _add_version(settings: Settings, record: BuildRecord, number: int) -> PublishedVersion:
    """Copy the built warehouse as the next version, and write its description."""
    path = settings.published / f"warehouse-{number}.duckdb"
    incoming = settings.published / f".incoming-{number}"
    copy_file(settings.warehouse_db, incoming)
    checkpoint("publish_copied")
    incoming.chmod(0o400)
    incoming.replace(path)
    sync_folder(settings.published)
    checkpoint("publish_renamed")
    description = {
        "number": number,
        "published_at": _now(),
        "as_of": record.as_of,
        "batch_id": record.batch_id,
        "build_id": record.build_id,
        "business_time_zone": record.business_time_zone,
        "reporting_currency": record.reporting_currency,
        "size_bytes": path.stat().st_size,
        "rows": _rows(path),
    }
    write_atomically(path.with_suffix(".json"), json.dumps(description, indent=2))
    checkpoint("publish_described")
    return find_version(settings, number)


def _rows(path: Path) -> dict[str, int]:
    with duckdb.connect(str(path), read_only=True) as version:
        found = version.execute(
            "select schema_name || '.' || table_name, estimated_size from duckdb_tables() "
            "where list_contains(?, schema_name) order by 1",
            [list(PUBLISHED_SCHEMAS)],
        ).fetchall()
    return {name: int(rows) for name, rows in found}


def point_at(settings: Settings, number: int) -> None:
    """Make a version current. The caller holds the run lock."""
    write_atomically(settings.published / "current", f"warehouse-{number}.duckdb\n")


def _clear_remains(settings: Settings) -> None:
    """Delete the remains of a killed publication: copies not renamed, and versions not described.

    The current version stays, also if its description is damaged: readers may have it open by its name.
    """
    for path in settings.published.glob(".incoming-*"):
        path.unlink()
    current = _current_name(settings)
    for path in settings.published.glob("warehouse-*.duckdb"):
        if path.name != current and _described(path, is_current=False) is None:
            path.unlink()
            path.with_suffix(".json").unlink(missing_ok=True)


def _prune(settings: Settings) -> None:
    """Delete old versions, except the newest and the current one. Readers that have one open can go on reading."""
    for version in list_versions(settings)[settings.keep_versions :]:
        if not version.is_current:
            version.path.unlink()
            version.path.with_suffix(".json").unlink()


def _current_name(settings: Settings) -> str | None:
    pointer = settings.published / "current"
    return pointer.read_text(encoding="utf-8", errors="replace").strip() if pointer.exists() else None


def _withdrawn_path(settings: Settings) -> Path:
    """Return the path of the note that names the build that was rolled back from."""
    return settings.published / "withdrawn"


def _withdrawn_build(settings: Settings) -> str | None:
    path = _withdrawn_path(settings)
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else None


def _refusal_path(settings: Settings) -> Path:
    return settings.published / "refused.json"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
