"""Record of the last build: one small JSON file beside the warehouse, replaced atomically.

It answers three questions after any crash: is the warehouse file whole, of which definitions, batch and clock is it,
and did the audit pass for exactly this build. The module is importable without the build itself. The tables are not
described here.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orderhouse.settings import Settings

__all__ = [
    "CLOCK_POLICIES",
    "AuditVerdict",
    "BuildRecord",
    "load_record",
    "record_audit",
    "record_path",
    "save_record",
    "write_atomically",
]

# Meaning of each clock policy of a home, for messages.
CLOCK_POLICIES = {"now": "the present instant", "data": "the newest instant in the feeds"}


@dataclass(frozen=True)
class AuditVerdict:
    """Verdict of the audit on a build.

    Attributes:
        build_id: The audited build.
        passed: True if the build may be published.
        at: Instant of the verdict, as UTC ISO-8601 text.
        failures: Each failed error-level check: name, failed rows, detail.
    """

    build_id: str
    passed: bool
    at: str
    failures: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class BuildRecord:
    """The last build, finished or not.

    Attributes:
        build_id: Id of the build, new for each build that touched a table.
        status: `building` from before the first table is touched until after the last one, then `built`.
        fingerprint: Hash of each input that all tables depend on, by name.
        batch_id: The greatest raw batch that the build read.
        business_time_zone: Zone of its business days.
        reporting_currency: Currency of its reports.
        as_of_mode: `now`, `data` or `instant`.
        as_of: The clock, as UTC microsecond text; with mode `data` it is known only after the build.
        wall_clock: Start of the build, as UTC microsecond text.
        finished_at: End of the build, as UTC microsecond text.
        extent: `full`, `touched` (what arrived since the previous build) or `clock` (nothing arrived).
        lineage: Lineage of the raw database up to that batch; see `home_identity`.
        store_id: Id of the store of received rows; empty if it has none yet.
        continues: Ids of the builds that the files may still name, while this build is not finished.
        audit: Verdict on this build, None before the audit.
        currency_origin: `declared`, `orders` (all of them have that currency) or `default`. A record of an earlier
            release counts as declared.
        clock_policy: Clock policy of the home, `now` or `data`; empty if none is recorded.
        audited_batch_id: The greatest batch whose tables passed an audit since the last full build, or -1. Rows
            with a later batch have not been audited.
        prediction_runs: Number of runs of predictors whose predictions the tables hold.
    """

    build_id: str
    status: str
    fingerprint: dict[str, str]
    batch_id: int
    business_time_zone: str
    reporting_currency: str
    as_of_mode: str
    as_of: str
    wall_clock: str
    finished_at: str | None = None
    extent: str = "full"
    lineage: str = ""
    store_id: str = ""
    continues: tuple[str, ...] = ()
    audit: AuditVerdict | None = None
    audited_batch_id: int = -1
    clock_policy: str = ""
    currency_origin: str = "declared"
    prediction_runs: int = 0

    @property
    def full(self) -> bool:
        """Return whether the build started from empty files."""
        return self.extent == "full"

    @property
    def dbt_as_of(self) -> str:
        """Return the clock in the form that was passed to dbt."""
        return "data" if self.as_of_mode == "data" else self.as_of

    @property
    def is_whole(self) -> bool:
        """Return whether every table comes from this build."""
        return self.status == "built"

    @property
    def has_passed(self) -> bool:
        """Return whether the audit passed for exactly this build."""
        return self.is_whole and self.audit is not None and self.audit.passed and self.audit.build_id == self.build_id


def record_path(settings: Settings) -> Path:
    """Return the path of the record."""
    return settings.warehouse / "build.json"


def load_record(settings: Settings) -> BuildRecord | None:
    """Read the record of the last build; None before the first build, or if the file is unreadable or damaged.

    A record of an earlier release has no checksum and is taken as it is.
    """
    try:
        values = json.loads(record_path(settings).read_text(encoding="utf-8"))
        stated = values.pop("checksum", None)
        if stated not in (None, _checksum(values)):
            return None
        verdict = values.pop("audit", None)
        continues = tuple(values.pop("continues", ()))
        return BuildRecord(**values, continues=continues, audit=AuditVerdict(**verdict) if verdict else None)
    except (FileNotFoundError, ValueError, TypeError):
        return None


def save_record(settings: Settings, record: BuildRecord) -> None:
    """Replace the record; after a crash the file is either the old one or the new one."""
    values = asdict(record)
    values["checksum"] = _checksum(values)
    write_atomically(record_path(settings), json.dumps(values, indent=2, sort_keys=True))


def _checksum(values: dict[str, Any]) -> str:
    """Return the checksum of a record's values: a damaged value may leave the JSON well formed."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def record_audit(settings: Settings, *, passed: bool, failures: list[dict[str, Any]] | None = None) -> None:
    """Record the audit's verdict on the present build, which `publish` requires.

    Args:
        settings: Settings of the home.
        passed: True if every error-level check held.
        failures: Name, failed rows and detail of each failed check.
    """
    record = load_record(settings)
    if record is None or not record.is_whole:
        return
    at = datetime.now(UTC).isoformat(timespec="seconds")
    verdict = AuditVerdict(build_id=record.build_id, passed=passed, at=at, failures=failures or [])
    save_record(settings, replace(record, audit=verdict))


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that readers see the old content or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    incoming = path.with_name(f".{path.name}.incoming")
    with incoming.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    incoming.replace(path)
    # The rename itself is durable only once the folder is synchronised.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
