"""Plan of a build: everything from empty files, touched keys, what another clock changes, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord
from orderhouse.storage.home_identity import lineage
from orderhouse.transform.clock import Clock, has_instants_between
from orderhouse.transform.fingerprint import changed_parts
from orderhouse.transform.stamps import read_stamp

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True)
class Plan:
    """Extent of a build, with its reason.

    Attributes:
        extent: `full`, `touched`, `clock`, `predictions` (only models that read them) or `nothing`.
        reason: The extent and its reason, as a sentence.
        has_views: True if every view exists already as the project defines it.
    """

    extent: str
    reason: str
    has_views: bool = False


def make_plan(
    settings: Settings,
    before: BuildRecord | None,
    present: Mapping[str, str],
    batch_id: int,
    clock: Clock,
    raw: duckdb.DuckDBPyConnection,
) -> Plan:
    """Compare fingerprint, received rows, files and clock with those of the last build, and return the plan.

    Args:
        settings: Settings of the home.
        before: The last build, finished or not; None if there was none.
        present: The present fingerprint.
        batch_id: The present greatest batch.
        clock: The clock that the user asked for.
        raw: The raw database.
    """
    if before is None or not settings.work_db.exists() or not settings.warehouse_db.exists():
        return Plan("full", "Built from empty files: there was no build to continue from.")
    changed = changed_parts(before.fingerprint, present)
    if changed:
        return Plan("full", f"Built from empty files, because this changed: {', '.join(changed)}.")
    if lineage(raw, before.batch_id) != before.lineage:
        return Plan("full", "Built from empty files: the received rows are not those that the last build continued.")
    foreign = [path.name for path in (settings.work_db, settings.warehouse_db) if not _is_of(path, before)]
    if foreign:
        return Plan("full", f"Built from empty files: {' and '.join(foreign)} did not come from the last build.")
    if not before.is_whole:
        return _continue(before)
    if batch_id != before.batch_id:
        return Plan("touched", f"Computed the keys touched since batch {before.batch_id}.", has_views=True)
    if _is_same_clock(before, clock, raw):
        return Plan("nothing", f"Nothing new, and the same clock ({before.as_of} UTC): no table was computed.")
    return Plan("clock", "Nothing new, and another clock.", has_views=True)


def _is_of(path: Path, before: BuildRecord) -> bool:
    """Tell if a file of tables is the one that the last build wrote, or found when it began."""
    stamp = read_stamp(path)
    return stamp == before.build_id if before.is_whole else stamp in (before.build_id, *before.continues)


def _continue(before: BuildRecord) -> Plan:
    if before.full:
        return Plan("full", "Built from empty files: the last build began that way and did not finish.")
    return Plan("touched", "Continued the last build, which did not finish.")


def _is_same_clock(before: BuildRecord, clock: Clock, raw: duckdb.DuckDBPyConnection) -> bool:
    if clock.mode == "data":
        return before.as_of_mode == "data" and not has_instants_between(raw, before.wall_clock, clock.wall_clock)
    return clock.as_of == before.as_of
