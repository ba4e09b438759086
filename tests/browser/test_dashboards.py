"""Steps of a reader: open every page, find an order, see a version that is published in the meantime."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import asked_hosts, wait_for_element, wait_for_text, wait_until_drawn
from tests.dashboards.published_home import publish

PAGES = {
    "": "Overview",
    "orders": "Orders",
    "exceptions": "Exceptions",
    "fulfilment": "Fulfilment",
    "inventory": "Inventory",
    "revenue": "Revenue",
    "customers": "Customers",
    "data_quality": "Data quality",
    "exports": "Exports",
}


@pytest.mark.parametrize("path", PAGES)
def test_page_is_drawn_without_error(path: str, chromium: webdriver.Chrome, address: str, tmp_path: Path) -> None:
    chromium.get(f"{address}/{path}")
    wait_until_drawn(chromium, PAGES[path])
    assert not chromium.find_elements(By.CSS_SELECTOR, "[data-testid=stException]")
    assert "could not be shown" not in chromium.find_element(By.TAG_NAME, "body").text
    picture = tmp_path / "page.png"
    assert chromium.save_screenshot(str(picture))
    assert picture.stat().st_size > 20_000, "an empty page compresses to less"


@pytest.mark.parametrize("path", PAGES)
def test_page_requests_nothing_from_other_machines(path: str, chromium: webdriver.Chrome, address: str) -> None:
    chromium.get("about:blank")
    asked_hosts(chromium)
    chromium.get(f"{address}/{path}")
    wait_until_drawn(chromium, PAGES[path])
    icon = chromium.find_element(By.CSS_SELECTOR, "link[rel~=icon]").get_attribute("href") or ""
    assert icon.startswith(("data:", address))
    assert asked_hosts(chromium) == {"127.0.0.1"}


def test_order_is_searched_and_opened(chromium: webdriver.Chrome, address: str) -> None:
    chromium.get(f"{address}/orders")
    wait_until_drawn(chromium, "Orders")
    wait_for_text(chromium, "Pick a row to open the order")
    box = wait_for_element(chromium, "[data-testid=stTextInput] input")
    box.send_keys("O-0000123", Keys.ENTER)
    wait_for_text(chromium, "Orders\n1\n")
    assert "q=O-0000123" in chromium.current_url
    chromium.get(f"{address}/orders?order=O-0000123")
    wait_until_drawn(chromium, "Order O-0000123")
    wait_for_text(chromium, "Timeline")


def test_reader_sees_the_version_published_meanwhile(chromium: webdriver.Chrome, address: str, home: Path) -> None:
    chromium.get(f"{address}/orders")
    wait_until_drawn(chromium, "Orders")
    wait_for_text(chromium, "Orders\n800\n")
    publish(home, number=2, orders=50)
    next(button for button in chromium.find_elements(By.TAG_NAME, "button") if "Refresh" in button.text).click()
    wait_for_text(chromium, "Version 2")
    wait_for_text(chromium, "Orders\n50\n")


def test_open_page_moves_to_a_new_version_by_itself(chromium: webdriver.Chrome, address: str, home: Path) -> None:
    publish(home, number=3, orders=800)
    chromium.get(f"{address}/orders")
    wait_for_text(chromium, "Version 3")
    publish(home, number=4, orders=50)
    wait_for_text(chromium, "Version 4")
    wait_for_text(chromium, "Orders\n50\n")
