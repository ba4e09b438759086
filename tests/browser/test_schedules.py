"""A schedule in Chromium: made by filling in the form, seen before it is saved, run, and seen in the list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.schedules.running import run_due
from orderhouse.schedules.schedules_file import load_schedules
from orderhouse.settings import Settings
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.conftest import SERVE, serving, wait_for_text, waiting
from tests.browser.pressing import fill, pick, press
from tests.dashboards.published_home import publish


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    """Publish a home, and serve its pages."""
    home = tmp_path_factory.mktemp("schedules")
    publish(home)
    with serving(SERVE, "/_stcore/health", home, tmp_path_factory.mktemp("dashboards")) as url:
        yield Settings(home=home), url


def test_schedule_is_made_by_a_form_and_runs(
    chromium: webdriver.Chrome, place: tuple[Settings, str], tmp_path: Path
) -> None:
    settings, address = place
    chromium.get(f"{address}/schedules")
    wait_for_text(chromium, "There is no schedule yet.")
    press(chromium, "New schedule")
    wait_for_text(chromium, "It cannot be saved yet. It has no recipients.")
    wait_for_text(chromium, "exceptions are open for the role admin")
    pick(chromium, "What", "Figure")
    pick(chromium, "Figure", "Orders in progress by stage")
    waiting(chromium).until(lambda shown: shown.find_element(By.CSS_SELECTOR, "[data-testid=stVegaLiteChart]"))
    fill(chromium, "Name", "stages")
    fill(chromium, "Recipients", "ann@example.com")
    wait_for_text(chromium, "Next due ")
    press(chromium, "Save")
    wait_for_text(chromium, "It was not due yet.")
    (saved,) = load_schedules(settings)
    assert (saved.name, saved.source, saved.format) == ("stages", "orders_by_stage", "pdf")
    press(chromium, "Run now")
    wait_for_text(chromium, "It is due now, and runs within a minute.")
    assert [run.state for run in run_due(settings).ended] == ["done"]
    assert len(list((settings.reports / "stages").glob("*/stages.pdf"))) == 1
    chromium.get(f"{address}/schedules")
    wait_for_text(chromium, "rows. 1 message.")
