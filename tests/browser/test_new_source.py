"""A new source in Chromium: files dropped, columns chosen, tried, saved, and loaded by the next receipt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from orderhouse.receive import receive
from orderhouse.settings import Settings, load_settings
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.storage.warehouse import open_raw
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.conftest import SERVE, serving, wait_for_element, wait_for_text
from tests.browser.pressing import by_xpath, press
from tests.dashboards.published_home import publish

SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop: {format: canonical, path: shop/*}
"""
LINES = "Order No;Line;Article;Qty;Price\nA1;1;TEA;1;9,50\nA2;1;CUP;2;6,00\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str]]:
    """Serve the pages of a published home with a sources file of its own."""
    folder = tmp_path_factory.mktemp("merchant")
    sources = folder / "sources.yaml"
    sources.write_text(SOURCES)
    publish(folder / "home", number=1)
    own = {"ORDERHOUSE_SOURCES": str(sources)}
    with serving(SERVE, "/_stcore/health", folder / "home", tmp_path_factory.mktemp("dashboards"), own) as url:
        yield load_settings(home=folder / "home", sources=sources), url


def test_a_source_is_made_from_a_dropped_file(
    chromium: webdriver.Chrome, place: tuple[Settings, str], tmp_path: Path
) -> None:
    settings, url = place
    (tmp_path / "till_lines.csv").write_text(LINES)
    chromium.get(f"{url}/settings?settings_view=Sources")
    wait_for_text(chromium, "Is there a new system?")
    wait_for_element(chromium, "[data-testid='stFileUploader']")
    chromium.find_element(By.CSS_SELECTOR, "[data-testid='stFileUploader'] input").send_keys(
        str(tmp_path / "till_lines.csv")
    )
    wait_for_text(chromium, "What was guessed, and why")
    wait_for_text(chromium, "Try it to see the first rows")
    press(chromium, "Try it")
    wait_for_text(chromium, "Every file can be read, and every row is accepted.")
    wait_for_text(chromium, "The first rows of order lines")
    assert list(load_sources(settings.sources_file).sources) == ["shop"]
    press(chromium, "Save the source")
    wait_for_text(chromium, "The next run loads them.")
    assert by_xpath(chromium, "//*[contains(., 'landing/till_lines')]")
    assert list(load_sources(settings.sources_file).sources) == ["shop", "till_lines"]
    receive(settings)
    with open_raw(settings, read_only=True) as raw:
        assert raw.execute("select count(*), sum(quantity) from raw.order_lines").fetchall() == [(2, 3)]
