"""A list as its reader uses it: rows open by click and by keyboard, Back returns to them, and no amount is cut."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import wait_for_text, wait_until_drawn, waiting
from tests.browser.grids import FIRST, cut_texts, element, sized
from tests.dashboards.published_home import publish


@pytest.fixture(autouse=True)
def large_amount(home: Path) -> None:
    """Publish a version in which the first order is of 124,726 yen."""
    number = 1 + max(int(path.stem.partition("-")[2]) for path in (home / "published").glob("*.duckdb"))
    path = publish(home, number=number, orders=120)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "update marts.fct_orders set currency = 'JPY', due_amount = 124726 where order_id = 'O-0000120'"
        )


def first(browser: webdriver.Chrome) -> str:
    return str(browser.execute_script(f"return {FIRST}.querySelector('tbody .open').textContent"))


@pytest.mark.parametrize("way", ["click", "enter", "space"])
def test_row_opens_and_back_returns_to_the_same_rows(way: str, chromium: webdriver.Chrome, address: str) -> None:
    chromium.get(f"{address}/orders?sort=order_id&page=2")
    wait_until_drawn(chromium, "Orders")
    button = element(chromium, "tbody .open")
    shown = first(chromium)
    if way == "click":
        element(chromium, "tbody td:not(.tick)").click()
    else:
        button.send_keys(Keys.ENTER if way == "enter" else Keys.SPACE)
    wait_until_drawn(chromium, f"Order {shown}")
    chromium.back()
    wait_until_drawn(chromium, "Orders")
    wait_for_text(chromium, "51–100 of 120")
    element(chromium, "tbody .open")
    assert first(chromium) == shown


def test_heading_sorts_all_rows_and_reload_keeps_the_order(chromium: webdriver.Chrome, address: str) -> None:
    chromium.get(f"{address}/orders")
    wait_until_drawn(chromium, "Orders")
    element(chromium, "thead button[data-name=order_id]").click()
    waiting(chromium).until(lambda each: "sort=order_id" in each.current_url and first(each) == "O-0000001")
    element(chromium, "thead button[data-name=order_id]").click()
    waiting(chromium).until(lambda each: first(each) == "O-0000120")
    chromium.refresh()
    wait_until_drawn(chromium, "Orders")
    element(chromium, "tbody .open")
    assert first(chromium) == "O-0000120"


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_no_cell_is_cut(width: int, chromium: webdriver.Chrome, address: str) -> None:
    with sized(chromium, width, 844):
        chromium.get(f"{address}/orders?sort=-order_id")
        wait_until_drawn(chromium, "Orders")
        row = element(chromium, "tbody tr")
        assert "124,726" in row.text.split()
        assert cut_texts(chromium) == []
        if width == 390:
            assert element(chromium, "tbody .open").rect["y"] < 700, "the first row is on the first screen of a phone"
            wait_for_text(chromium, "published")
