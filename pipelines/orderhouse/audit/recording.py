"""Storage of audits: the table `quality.audit` in the built warehouse, and JSON files under the home.

The table is published with the warehouse. The JSON files exist also if nothing is published, so that a refusal can be
shown.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from orderhouse.audit.checks import AuditCheck, AuditResult
from orderhouse.settings import Settings
from orderhouse.transform import record_audit

__all__ = ["COLUMNS", "audit_folder", "save_result", "save_table"]

COLUMNS = {
    "audit_id": ("varchar", "Build id and name of the check."),
    "build_id": ("varchar", "The build that was checked."),
    "batch_id": ("bigint", "The greatest batch of feed rows in it."),
    "name": ("varchar", "Name of the check, a sentence."),
    "kind": (
        "varchar",
        "dbt_test (rows), expectation (days, feeds, words) or reconciliation (two ways to one number).",
    ),
    "table_name": ("varchar", "Table that was checked."),
    "severity": ("varchar", "error refuses the build, warn is shown."),
    "detail": ("varchar", "The rule that holds or, if it fails, the problem and where to look."),
    "example_rows": ("varchar", "Up to five failing rows as text, a JSON array; null if it passed."),
    "failed_rows": ("bigint", "Number of failing rows of the table or of its summary."),
    "duration_seconds": ("double", "Duration of the check."),
    "passed": ("boolean", "True if the check holds."),
    "checked_at": ("timestamp", "Instant of the audit, in UTC."),
}


def audit_folder(settings: Settings) -> Path:
    """Return the folder of results and data docs."""
    return settings.home / "audit"


def save_table(connection: duckdb.DuckDBPyConnection, result: AuditResult) -> None:
    """Replace `quality.audit`: one row per check of this build."""
    definition = ", ".join(f"{name} {sql_type}" for name, (sql_type, _) in COLUMNS.items())
    places = ", ".join("?" for _ in COLUMNS)
    connection.execute("begin")
    connection.execute("create schema if not exists quality")
    connection.execute(f"create or replace table quality.audit ({definition})")
    if result.checks:
        rows = [_row(result, check) for check in result.checks]
        connection.executemany(f"insert into quality.audit values ({places})", rows)  # noqa: S608 - placeholders
    connection.execute("commit")


def _row(result: AuditResult, check: AuditCheck) -> list[object]:
    return [
        f"{result.build_id}:{check.name}",
        result.build_id,
        result.batch_id,
        check.name,
        check.kind,
        check.table,
        check.severity,
        check.detail,
        json.dumps(list(check.examples)) if check.examples else None,
        check.failed_rows,
        check.seconds,
        check.passed,
        result.checked_at.replace(tzinfo=None),
    ]


def save_result(settings: Settings, result: AuditResult) -> None:
    """Write the result as JSON and as `latest.json`, and write the verdict to the build's record for `publish`."""
    folder = audit_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    text = result.to_json()
    stamp = result.checked_at.strftime("%Y%m%dT%H%M%S")
    (folder / f"audit-{stamp}-{result.build_id[:12]}.json").write_text(text, encoding="utf-8")
    incoming = folder / ".latest.incoming"
    incoming.write_text(text, encoding="utf-8")
    incoming.replace(folder / "latest.json")
    for stale in sorted(folder.glob("audit-*.json"))[: -settings.keep_audits]:
        stale.unlink()
    failures = [
        {"name": check.name, "failed_rows": check.failed_rows, "detail": check.sentence()} for check in result.failures
    ]
    record_audit(settings, passed=result.passed, failures=failures)
