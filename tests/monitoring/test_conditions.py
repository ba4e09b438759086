"""Tests of the conditions that need a person: each holds when it should, and not a moment longer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from orderhouse.errors import AuditRefused, OrderhouseError
from orderhouse.messages.endpoints import note_failure, resume, switch
from orderhouse.monitoring.conditions import Condition, find_conditions
from orderhouse.operations.store import open_store
from orderhouse.settings import Settings
from orderhouse.storage.step_records import load_steps, recorded_step
from orderhouse.storage.warehouse import run_lock

from tests.dashboards.published_home import publish

# The clock of the published fixture, in which tracking was due at 07:00 and orders are due tomorrow.
NOW = datetime(2026, 3, 31, 10, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    publish(home, orders=20)
    return Settings(home=home, alert_free_disk=0, alert_version_hours=None)


def found(settings: Settings, now: datetime = NOW) -> dict[str, Condition]:
    return {condition.key: condition for condition in find_conditions(settings, now)}


def fail(settings: Settings, step: str, error: BaseException) -> None:
    with pytest.raises(type(error)), run_lock(settings, step):
        raise error


def test_home_without_anything_needs_nobody(tmp_path: Path) -> None:
    assert found(Settings(home=tmp_path / "new", alert_free_disk=0)) == {}


def test_overdue_feed_is_found_once_it_is_due(settings: Settings) -> None:
    assert [key for key in found(settings) if key.startswith("feed_overdue")] == ["feed_overdue:carrier/tracking"]
    late = found(settings, datetime(2026, 4, 1, 6, 0, 1, tzinfo=UTC))
    assert "feed_overdue:web_shop/orders" in late
    assert "was due at 2026-04-01 06:00 UTC" in late["feed_overdue:web_shop/orders"].message


def test_rejected_file_is_named_with_its_reason_for_a_week(settings: Settings) -> None:
    [rejected] = [each for each in found(settings).values() if each.kind == "file_rejected"]
    assert "landing/wms/stock-broken.csv: The required column sku is missing" in rejected.message
    later = found(settings, datetime(2026, 4, 6, 8, tzinfo=UTC))
    assert not any(each.kind == "file_rejected" for each in later.values())


def test_share_of_quarantine_counts_the_rows_of_the_last_day(settings: Settings) -> None:
    # None of the 1,156 rows of each file of 31 March is in quarantine, and three of the 1,143 of the day before.
    strict = settings.model_copy(update={"alert_quarantine_share": 0.001})
    on_the_day_before = datetime(2026, 3, 30, 10, tzinfo=UTC)
    assert not any(each.kind == "quarantine_share" for each in found(strict).values())
    assert "quarantine_share:psp/payments" in found(strict, on_the_day_before)
    assert not any(each.kind == "quarantine_share" for each in found(settings, on_the_day_before).values())


def test_old_version_is_found_by_the_wall_clock(settings: Settings) -> None:
    watched = settings.model_copy(update={"alert_version_hours": 26})
    now = datetime.now(UTC)
    assert "version_old:published" not in found(watched, now)
    assert "version_old:published" in found(watched, now + timedelta(hours=27))


def test_home_with_the_clock_of_its_data_is_never_late(settings: Settings) -> None:
    settings.warehouse.mkdir()
    record = {
        "build_id": "b", "status": "built", "fingerprint": {}, "batch_id": 1, "business_time_zone": "UTC",
        "reporting_currency": "EUR", "as_of_mode": "data", "as_of": "data", "wall_clock": "2026-03-31",
    }  # fmt: skip
    (settings.warehouse / "build.json").write_text(json.dumps(record))
    watched = settings.model_copy(update={"alert_version_hours": 26})
    kinds = {each.kind for each in found(watched, datetime(2030, 1, 1, tzinfo=UTC)).values()}
    assert kinds == set()


def test_little_free_disk_is_found(settings: Settings) -> None:
    hungry = settings.model_copy(update={"alert_free_disk": 1 << 60})
    assert "less than `alert_free_disk`" in found(hungry)["disk_low:home"].message


def test_old_backup_is_found_once_there_was_one(settings: Settings) -> None:
    assert "backup_old:backup" not in found(settings)
    settings.last_backup.write_text("2026-03-29T09:59:00+00:00")
    assert "No backup has been taken since 2026-03-29 09:59 UTC" in found(settings)["backup_old:backup"].message
    assert "backup_old:backup" not in found(settings.model_copy(update={"alert_backup_hours": 49}))
    assert "backup_old:backup" not in found(settings.model_copy(update={"alert_backup_hours": None}))
    settings.last_backup.write_text("2026-03-29T10:01:00+00:00")
    assert "backup_old:backup" not in found(settings)


def test_failed_step_is_found_until_it_succeeds(settings: Settings) -> None:
    fail(settings, "ingest", OrderhouseError("sources.yaml:3: there is no format 'x'."))
    assert "there is no format 'x'" in found(settings)["run_failed:ingest"].message
    with run_lock(settings, "ingest"):
        pass
    assert "run_failed:ingest" not in found(settings)


def test_whole_run_makes_a_failed_step_good(settings: Settings) -> None:
    fail(settings, "build", OrderhouseError("The disk is full."))
    with run_lock(settings, "run"):
        pass
    assert "run_failed:build" not in found(settings)


def test_unexpected_error_is_told_by_its_type_alone(settings: Settings) -> None:
    fail(settings, "run", ValueError("ann@example.com is not a number"))
    assert found(settings)["run_failed:run"].message.endswith("ValueError")
    assert "ann@example.com" not in (settings.logs / "events.jsonl").read_text()


@pytest.mark.parametrize("error", [AuditRefused("The audit refused."), KeyboardInterrupt()])
def test_refusal_and_a_run_that_was_stopped_are_no_failure(settings: Settings, error: BaseException) -> None:
    fail(settings, "run", error)
    assert "run_failed:run" not in found(settings)
    assert load_steps(settings)["run"].failures == 0


def test_killed_run_is_found_and_a_running_one_is_not(settings: Settings) -> None:
    step = recorded_step(settings, "run")
    step.__enter__()  # a process that is killed here never leaves it
    assert "run_interrupted:run" in found(settings)
    with run_lock(settings, "vault rotate"):
        assert "run_interrupted:run" not in found(settings)
    with run_lock(settings, "run"):
        pass
    assert "run_interrupted:run" not in found(settings)


def test_refusal_of_the_audit_names_the_checks(settings: Settings) -> None:
    failures = [{"name": f"check {number}", "failed_rows": 1, "detail": ""} for number in range(5)]
    (settings.published / "refused.json").write_text(
        json.dumps({"since": "2026-03-30T00:00:00+00:00", "at": "2026-03-31T00:00:00+00:00", "failures": failures})
    )
    assert "check 0, check 1, check 2 and 2 more" in found(settings)["audit_refused:audit"].message


def test_damaged_version_is_found_and_does_not_stop_the_others(settings: Settings) -> None:
    (settings.published / "warehouse-1.duckdb").write_bytes(b"no database")
    fail(settings, "run", OrderhouseError("It failed."))
    assert set(found(settings)) == {"run_failed:run", "home_unreadable:published"}


def test_most_severe_conditions_come_first(settings: Settings) -> None:
    fail(settings, "run", OrderhouseError("It failed."))
    severities = [condition.severity for condition in find_conditions(settings, NOW)]
    assert severities == sorted(severities, key=["critical", "high", "medium"].index)


def test_paused_channel_of_messages_is_found_until_it_goes_on(settings: Settings) -> None:
    assert "channel_paused:email" not in found(settings)
    assert not settings.operations.exists()
    store = open_store(settings)
    switch(store, {"email"}, now=NOW)
    note_failure(store, "email", "The mail server is away.", pause_after=1, now=NOW)
    sentence = found(settings)["channel_paused:email"].message
    assert "is paused since 2026-03-31 10:00 UTC: The mail server is away." in sentence
    resume(store, "email")
    assert "channel_paused:email" not in found(settings)
