"""Repair of what is derived: tables, published pointer, permissions, leftovers. Rows and vault stay as they are."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from orderhouse.doctor.databases import is_whole, versions_on_disk
from orderhouse.doctor.findings import Finding, Repair
from orderhouse.errors import OrderhouseError
from orderhouse.serve.publishing import point_at, publish, versions_locked
from orderhouse.settings import Settings
from orderhouse.storage.build_record import load_record, record_path
from orderhouse.transform import build

__all__ = ["repair"]


def repair(settings: Settings, findings: Iterable[Finding], say: Callable[[str], None]) -> list[str]:
    """Repair what the findings allow; return a sentence for each thing done. The caller holds the run lock."""
    found = list(findings)
    done: list[str] = []
    for finding in found:
        path = Path(finding.where)
        if finding.repair is Repair.PERMISSIONS:
            path.chmod(path.stat().st_mode & 0o700)
            done.append(f"Took the permissions of others on {path} away.")
        elif finding.repair is Repair.REMOVE:
            _remove(path)
            done.append(f"Removed {path}.")
    if any(finding.repair is Repair.REBUILD for finding in found):
        done.append(_rebuild(settings, found, say))
    if any(finding.repair is Repair.PUBLISHED for finding in found):
        done += _repair_published(settings)
    return done


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _rebuild(settings: Settings, findings: list[Finding], say: Callable[[str], None]) -> str:
    """Build every table from empty files, under the clock of the last build."""
    if any(finding.where == str(settings.raw_db) for finding in findings):
        return "Built nothing, because the received rows cannot be read."
    before = load_record(settings)
    say("Building the tables")
    if before is None:
        record_path(settings).unlink(missing_ok=True)
        for path in (settings.work_db, settings.warehouse_db):
            _remove(path)
            _remove(path.with_name(f"{path.name}.wal"))
        return "Removed the tables of which no record is left. Next: orderhouse run"
    as_of = before.as_of_mode if before.as_of_mode != "instant" else f"{before.as_of}+00:00"
    now = datetime.fromisoformat(before.wall_clock).replace(tzinfo=UTC)
    build(settings, as_of=as_of, full=True, now=now)
    return "Built every table from empty files. Next: orderhouse run, which audits and publishes them"


def _repair_published(settings: Settings) -> list[str]:
    """Remove versions that cannot be read, and give readers the newest one that can; without one, publish again."""
    settings.published.mkdir(parents=True, exist_ok=True)
    with versions_locked(settings):  # a rollback needs no run lock
        done, has_version = _repair_versions(settings)
    if has_version:
        return done
    with contextlib.suppress(OrderhouseError):  # not audited, or built anew above
        return [*done, f"Published version {publish(settings).number} from the tables of the last build."]
    return [*done, "No published version is left. Next: orderhouse run"]


def _repair_versions(settings: Settings) -> tuple[list[str], bool]:
    """Return what was done, and whether readers have a version. The caller holds the lock of the versions."""
    done = []
    whole: list[Path] = []
    for path in versions_on_disk(settings):
        if is_whole(path):
            whole.append(path)
            continue
        _remove(path)
        _remove(path.with_suffix(".json"))
        done.append(f"Removed {path}.")
    pointer = settings.published / "current"
    name = pointer.read_text(encoding="utf-8", errors="replace").strip("\0 \n") if pointer.exists() else ""
    if name in {path.name for path in whole}:
        return done, True
    if whole:
        point_at(settings, int(whole[0].stem.rpartition("-")[2]))
        return [*done, f"Readers get {whole[0].name}."], True
    pointer.unlink(missing_ok=True)
    return done, False
