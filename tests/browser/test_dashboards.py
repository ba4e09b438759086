"""Steps of a reader: open every page, find an order, see a version that is published in the meantime."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import asked_hosts, wait_for_element, wait_for_text, wait_until_drawn, waiting
from tests.browser.grids import cut_texts, element, sized
from tests.dashboards.published_home import publish
from tests.integration.running import run_orderhouse

PAGES = {
    "": "Today",
    "orders": "Orders",
    "exceptions": "Exceptions",
    "fulfilment": "Fulfilment",
    "routing": "Routing",
    "shipments": "Shipments",
    "inventory": "Inventory",
    "returns": "Returns",
    "messages": "Messages",
    "revenue": "Revenue",
    "payments": "Payments",
    "customers": "Customers",
    "feedback": "Feedback",
    "kpis": "KPIs",
    "forecasts": "Forecasts",
    "products": "Products",
    "rules": "Rules",
    "campaigns": "Campaigns",
    "schedules": "Schedules",
    "data_quality": "Data quality",
    "sql": "SQL",
    "exports": "Exports",
    "audit_log": "Audit log",
    "settings": "Settings",
}


@pytest.mark.parametrize("path", PAGES)
def test_page_is_drawn_without_error_and_asks_no_other_machine(
    path: str, chromium: webdriver.Chrome, address: str, tmp_path: Path
) -> None:
    chromium.get("about:blank")
    asked_hosts(chromium)
    chromium.get(f"{address}/{path}")
    wait_until_drawn(chromium, PAGES[path])
    assert not chromium.find_elements(By.CSS_SELECTOR, "[data-testid=stException]")
    assert "could not be shown" not in chromium.find_element(By.TAG_NAME, "body").text
    assert cut_texts(chromium) == []
    picture = tmp_path / "page.png"
    assert chromium.save_screenshot(str(picture))
    assert picture.stat().st_size > 20_000, "an empty page compresses to less"
    icon = chromium.find_element(By.CSS_SELECTOR, "link[rel~=icon]").get_attribute("href") or ""
    assert icon.startswith(("data:", address))
    assert asked_hosts(chromium) == {"127.0.0.1"}


def test_first_page_is_found_by_its_name_and_by_the_address_of_the_app(
    chromium: webdriver.Chrome, address: str
) -> None:
    chromium.get(f"{address}/?days=7")
    wait_until_drawn(chromium, "Today")
    assert chromium.current_url == f"{address}/today?days=7"
    seen: set[str] = set()
    chromium.get(f"{address}/today?days=7")
    waiting(chromium).until(
        lambda found: seen.add(found.find_element(By.TAG_NAME, "body").text) or "Are we on target?" in "".join(seen)
    )
    assert not [text for text in seen if "not found" in text]


@pytest.mark.parametrize("path", ["", "customers", "fulfilment", "shipments"])
def test_first_row_is_on_the_first_screen_of_a_phone(path: str, chromium: webdriver.Chrome, address: str) -> None:
    with sized(chromium, 390, 844):
        chromium.get(f"{address}/{path}")
        wait_until_drawn(chromium, PAGES[path])
        # Tables appear in any order: a lower one can be there before the first.
        waiting(chromium).until(lambda browser: element(browser, "tbody tr").rect["y"] < 700)


def test_figures_of_an_order_are_all_on_a_phone_two_in_a_row(chromium: webdriver.Chrome, address: str) -> None:
    with sized(chromium, 390, 844):
        chromium.get(f"{address}/orders?order=O-0000001")
        wait_for_text(chromium, "Owed back")
        tiles = chromium.find_elements(By.CSS_SELECTOR, ".stMetric")
        assert len(tiles) == 6
        assert max(tile.rect["x"] + tile.rect["width"] for tile in tiles) <= 390
        assert len({round(tile.rect["y"]) for tile in tiles}) == 3


def test_order_is_searched_and_opened(chromium: webdriver.Chrome, address: str) -> None:
    chromium.get(f"{address}/orders")
    wait_until_drawn(chromium, "Orders")
    box = wait_for_element(chromium, "[data-testid=stTextInput] input")
    box.send_keys("123", Keys.ENTER)
    wait_until_drawn(chromium, "Order O-0000123")
    wait_for_text(chromium, "Timeline")
    chromium.back()
    wait_until_drawn(chromium, "Orders")
    wait_for_text(chromium, "Orders placed\n1\n")
    assert chromium.current_url.endswith("?q=123")


def test_reader_sees_the_version_published_meanwhile(chromium: webdriver.Chrome, address: str, home: Path) -> None:
    chromium.get(f"{address}/orders")
    wait_until_drawn(chromium, "Orders")
    wait_for_text(chromium, "Orders placed\n800\n")
    publish(home, number=2, orders=50)
    next(button for button in chromium.find_elements(By.TAG_NAME, "button") if "Refresh" in button.text).click()
    wait_for_text(chromium, "Version 2")
    wait_for_text(chromium, "Orders placed\n50\n")


def test_open_page_moves_to_a_new_version_by_itself(chromium: webdriver.Chrome, address: str, home: Path) -> None:
    publish(home, number=3, orders=800)
    chromium.get(f"{address}/orders")
    wait_for_text(chromium, "Version 3")
    publish(home, number=4, orders=50)
    wait_for_text(chromium, "Version 4")
    wait_for_text(chromium, "Orders placed\n50\n")


def test_open_page_follows_a_rollback_and_says_that_the_audit_refused(
    chromium: webdriver.Chrome, address: str, home: Path
) -> None:
    publish(home, number=5, orders=50)
    publish(home, number=6, orders=800)
    chromium.get(f"{address}/orders")
    wait_for_text(chromium, "Version 6")
    run_orderhouse("rollback", "5", home=home)
    wait_for_text(chromium, "Version 5")
    wait_for_text(chromium, "Orders placed\n50\n")
    failures = [{"name": "assert_debits_equal_credits", "failed_rows": 3, "detail": ""}]
    refused = home / "published" / "refused.json"
    at = "2026-03-31T09:00:00+00:00"
    refusal = {"since": at, "at": at, "failures": failures}
    refused.write_text(json.dumps(refusal))
    wait_for_text(chromium, "The audit has refused newer data since")
    wait_for_text(chromium, "assert_debits_equal_credits: 3 rows")
    refused.unlink()
    waiting(chromium).until(lambda found: "The audit has refused" not in found.find_element(By.TAG_NAME, "body").text)
    assert "Version 5" in chromium.find_element(By.TAG_NAME, "body").text


def test_query_is_run_by_keyboard_and_stays_in_the_address(chromium: webdriver.Chrome, address: str) -> None:
    chromium.get(f"{address}/sql?sql=select+1+as+one")
    wait_until_drawn(chromium, "SQL")
    box = wait_for_element(chromium, "[data-testid=stTextArea] textarea")
    box.send_keys(" union all select 2", Keys.CONTROL, Keys.ENTER)
    wait_for_text(chromium, "2 rows in")
    assert "union" in chromium.current_url
