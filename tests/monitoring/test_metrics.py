"""Tests of the figures for a metrics server."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.monitoring.alerts import review_alerts
from orderhouse.monitoring.conditions import Condition
from orderhouse.monitoring.metrics import metrics_endpoint, metrics_text
from orderhouse.settings import Settings
from orderhouse.storage.warehouse import run_lock
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.dashboards.published_home import publish

Figures = dict[tuple[str, tuple[str, ...]], float]


def figures(settings: Settings) -> Figures:
    return {
        (sample.name.removeprefix("orderhouse_"), tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(metrics_text(settings).decode())
        for sample in family.samples
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    publish(home, orders=20)
    return Settings(home=home)


def test_rows_and_feeds_of_the_published_version_are_figures(settings: Settings) -> None:
    found = figures(settings)
    # Twelve files of six feeds have 1,000 + 13 i rows each.
    assert sum(found["feed_rows", (state,)] for state in ("accepted", "duplicate", "quarantined")) == 6 * 13_014
    assert found["rejected_files", ()] == 1
    assert found["version_number", ()] == 1
    assert found["version_readable", ()] == 1
    assert found["feed_due_timestamp_seconds", ("tracking", "carrier")] == 1774940400
    assert found["audit_checks", ("warned",)] == 1
    assert found["home_bytes", ("published",)] > found["version_bytes", ()] > 0


def test_steps_are_counted_with_their_failures(settings: Settings) -> None:
    for _ in range(2):
        with run_lock(settings, "run"):
            assert figures(settings)["run_lock_held", ()] == 1
    with pytest.raises(OrderhouseError), run_lock(settings, "run"):
        raise OrderhouseError("It failed.")
    found = figures(settings)
    assert found["steps_total", ("run",)] == 3
    assert found["step_failures_total", ("run",)] == 1
    assert found["step_succeeded_timestamp_seconds", ("run",)] < found["step_began_timestamp_seconds", ("run",)]
    assert found["run_lock_held", ()] == 0


def test_open_alert_is_a_figure(settings: Settings) -> None:
    condition = Condition("disk_low", "home", "high", "The disk is nearly full.")
    review_alerts(settings, find=lambda *_: [condition])
    assert figures(settings)["alerts_open", ("disk_low", "high", "home")] == 1


def test_home_without_a_version_has_figures(tmp_path: Path) -> None:
    found = figures(Settings(home=tmp_path / "new"))
    assert found["version_readable", ()] == 1
    assert ("version_number", ()) not in found


def test_damaged_version_is_a_figure_and_no_error(settings: Settings) -> None:
    (settings.published / "warehouse-1.duckdb").write_bytes(b"no database")
    assert figures(settings)["version_readable", ()] == 0


def test_metrics_are_given_to_the_holder_of_the_token_alone(settings: Settings) -> None:
    locked = settings.model_copy(update={"metrics_token": Settings(metrics_token="a token").metrics_token})
    client = TestClient(Starlette(routes=[Route("/metrics", metrics_endpoint(locked))]))
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer another"}).status_code == 401
    answer = client.get("/metrics", headers={"authorization": "Bearer a token"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "orderhouse_version_number 1.0" in answer.text
