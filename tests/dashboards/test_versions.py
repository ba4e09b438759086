"""Displayed version: the newest, read-only, with a notice of a refusal."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from orderhouse.monitoring.alerts import review_alerts
from orderhouse.monitoring.conditions import Condition
from orderhouse.settings import Settings
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import Open, said
from tests.dashboards.published_home import publish


def orders_shown(app: AppTest) -> str:
    return str(next(metric.value for metric in app.metric if metric.label == "Orders placed"))


def test_refresh_shows_a_version_published_since(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, number=1, orders=50)
    app = open_page(tmp_path, "orders")
    assert orders_shown(app) == "50"
    publish(tmp_path, number=2, orders=800)
    next(button for button in app.button if button.label == "Refresh").click().run()
    assert orders_shown(app) == "800"
    assert "Version 2" in said(app)


def test_rollback_shows_the_older_version_again(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, number=2, orders=800)
    publish(tmp_path, number=1, orders=50)
    assert orders_shown(open_page(tmp_path, "orders")) == "50"


def test_readers_keep_a_version_that_is_pruned_under_them(tmp_path: Path, open_page: Open) -> None:
    old = publish(tmp_path, number=1, orders=50)
    app = open_page(tmp_path, "orders")
    publish(tmp_path, number=2, orders=800)
    old.unlink()
    app.run()
    assert not app.exception
    assert orders_shown(app) == "800"


def test_published_file_is_opened_for_reading_only(tmp_path: Path, open_page: Open) -> None:
    from shared import access

    path = publish(tmp_path, orders=50)
    open_page(tmp_path, "orders")
    settings = Settings(home=tmp_path)
    with access._cursor(path, settings) as cursor, pytest.raises(duckdb.Error, match="read-only"):
        cursor.execute("delete from marts.as_of").fetchall()


def test_refusal_is_shown_with_its_reasons(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, orders=50)
    refusal = {
        "since": "2026-03-30T08:00:00+00:00",
        "at": "2026-03-31T08:00:00+00:00",
        "failures": [{"name": "ledger_balances", "failed_rows": 3, "detail": ""}],
    }
    (tmp_path / "published" / "refused.json").write_text(json.dumps(refusal), encoding="utf-8")
    shown = said(open_page(tmp_path))
    assert "The audit has refused newer data since 30 Mar 2026, 10:00" in shown
    assert "ledger_balances: 3 rows" in shown


def test_only_access_opens_duckdb() -> None:
    sources = Path(__file__).parents[2] / "dashboards"
    opening = [path.name for path in sources.rglob("*.py") if "import duckdb" in path.read_text(encoding="utf-8")]
    assert opening == ["access.py"]


def test_open_alert_is_shown_until_it_is_over(tmp_path: Path, open_page: Open) -> None:
    publish(tmp_path, orders=50)
    settings = Settings(home=tmp_path)
    condition = Condition("disk_low", "home", "high", "The disk has 1.0 GB left.")
    review_alerts(settings, find=lambda *_: [condition])
    assert "The disk has 1.0 GB left." in said(open_page(tmp_path))
    review_alerts(settings, find=lambda *_: [])
    assert "Needs a person" not in said(open_page(tmp_path))
