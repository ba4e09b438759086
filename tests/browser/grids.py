"""Tables of the pages in a browser: their elements, and texts that are wider than their place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from selenium import webdriver
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.conftest import waiting

__all__ = ["FIRST", "cut_texts", "element", "open_row", "sized", "wait_for_cell"]

# A table is in a shadow root.
GRIDS = "[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')].map(each => each.shadowRoot)"
FIRST = f"{GRIDS}.find(each => each?.querySelector('tbody'))"
ROW = f"""{GRIDS}.filter(Boolean).flatMap(root => [...root.querySelectorAll('tbody tr')]).find(
    row => [...row.querySelectorAll('td, th')].some(cell => cell.textContent.trim() === arguments[0])
)"""
CUT = f"""
    const cells = {GRIDS}.filter(Boolean).flatMap(root => [...root.querySelectorAll('td, th')])
    const tiles = [...document.querySelectorAll('[data-testid=stMetricValue], [data-testid=stMetricValue] *')]
    const isWider = each => each.clientWidth && each.scrollWidth > each.clientWidth
    const isShortened = each => getComputedStyle(each).textOverflow === 'ellipsis'
    return [...cells.filter(each => isWider(each) || isShortened(each)), ...tiles.filter(isWider)].map(
        each => each.textContent
    )
"""


def cut_texts(browser: webdriver.Chrome) -> list[str]:
    """Return the texts of cells and tiles that are wider than their place."""
    found: list[str] = browser.execute_script(CUT)
    return found


def element(browser: webdriver.Chrome, selector: str) -> WebElement:
    """Wait for an element of the first table, and return it."""
    script = f"return {FIRST}?.querySelector({selector!r})"
    found: WebElement = waiting(browser).until(lambda each: each.execute_script(script), f"{selector} never came")
    return found


@contextlib.contextmanager
def sized(browser: webdriver.Chrome, width: int, height: int) -> Iterator[None]:
    """Give the browser the size of a screen, until the end of the context."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def open_row(browser: webdriver.Chrome, text: str) -> None:
    """Open the first row of any table that has a cell of a text, as a click on it does."""
    wait_for_cell(browser, text)
    browser.execute_script(f"{ROW}.querySelector('.open').click()", text)


def wait_for_cell(browser: webdriver.Chrome, text: str) -> None:
    """Wait until any table has a cell of a text."""
    script = f"const row = {ROW}; row?.scrollIntoView({{block: 'center'}}); return Boolean(row)"
    waiting(browser).until(lambda each: each.execute_script(script, text), f"no row has {text!r}")
