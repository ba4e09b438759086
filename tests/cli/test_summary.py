"""Tests of the summary that a run prints at its end, on versions whose last days have no figures."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from orderhouse.cli.summary import print_summary
from orderhouse.settings import Settings

from tests.dashboards.published_home import publish


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Publish a version, and return its file."""
    return publish(tmp_path, orders=40)


def summary(home: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is printed, in one line."""
    print_summary(Settings(home=home))
    return " ".join(capsys.readouterr().out.split())


def test_old_orders_have_a_sentence_in_place_of_empty_figures(
    tmp_path: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "KPIs of the 28 days to 2026-03-30" in summary(tmp_path, capsys)
    with duckdb.connect(str(path)) as version:
        version.execute("delete from marts.fct_kpi_daily").fetchall()
    found = summary(tmp_path, capsys)
    assert "KPIs have no figures for the 28 days to 2026-03-30: the newest order is of 2026-" in found
    assert "run --as-of data` sets the clock to the data." in found and "KPIs of the" not in found


def test_version_without_orders_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish(tmp_path, empty=True)
    assert "KPIs have no figures for the 28 days to 2026-03-30: there are no orders." in summary(tmp_path, capsys)
