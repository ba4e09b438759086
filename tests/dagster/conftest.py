"""A home with one batch of orders over the small dbt project, and an audit whose verdict the test chooses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orderhouse_dagster.audit
import orderhouse_dagster.ingestion
import pytest
from orderhouse.audit import AuditCheck, AuditResult
from orderhouse.ingest.results import IngestResult
from orderhouse.settings import Settings
from orderhouse.transform import load_record, record_audit

from tests.transform.conftest import parsed, project, settings

__all__ = ["parsed", "project", "settings"]

Verdict = Callable[[bool], None]


@pytest.fixture(autouse=True)
def no_ingest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the ingest by one that finds nothing. Tests put rows into the raw tables by hand."""
    monkeypatch.setattr(orderhouse_dagster.ingestion, "receive", lambda settings, progress: IngestResult(batch_id=None))


@pytest.fixture
def verdict(monkeypatch: pytest.MonkeyPatch) -> Verdict:
    """Choose the verdict of the audit. It passes by default."""
    chosen = {"passed": True}

    def audit(settings: Settings, on_event: object = None) -> AuditResult:
        passed = chosen["passed"]
        record = load_record(settings)
        assert record is not None
        check = AuditCheck("every_cent_is_there", "dbt_test", "marts.fct_orders", passed, "error", 0 if passed else 3)
        result = AuditResult(record.build_id, record.batch_id, datetime.now(UTC), (check,))
        failures = [{"name": check.name, "failed_rows": 3, "detail": ""}] if not passed else []
        record_audit(settings, passed=passed, failures=failures)
        latest: Path = settings.home / "audit" / "latest.json"
        latest.parent.mkdir(exist_ok=True)
        latest.write_text(result.to_json())
        return result

    monkeypatch.setattr(orderhouse_dagster.audit, "audit", audit)

    def choose(passed: bool) -> None:
        chosen["passed"] = passed

    return choose
