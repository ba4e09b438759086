"""Tests of the portal in Chromium: four languages, phone and desk, light and dark, and a request without a script."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.browser.conftest import asked_hosts, serving, wait_for_text
from tests.portal.published_home import EMAIL, IDS, publish

COMMAND = str(Path(sys.executable).with_name("orderhouse"))
# Contrast of a text with the ground behind it, by the formula of WCAG 2.
CONTRAST = """
const parts = text => text.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const ground = element => {
    for (let each = element; each; each = each.parentElement) {
        const colour = parts(getComputedStyle(each).backgroundColor);
        if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
};
let worst = [21, ''];
for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility() || element.className === 'skip') continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < worst[0]) worst = [contrast, element.textContent.trim().slice(0, 40)];
}
return worst;
"""
UNLABELLED = """
return [...document.querySelectorAll('input:not([type=hidden]), select')].filter(each => !each.labels.length).length
"""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the portal on a home with a few orders, and return its address."""
    home = tmp_path_factory.mktemp("portal_home")
    publish(home)
    folder = tmp_path_factory.mktemp("portal")
    patient = {"ORDERHOUSE_PORTAL_CLIENT_PER_MINUTE": "10000"}
    with serving([COMMAND, "portal", "--port", "{port}"], "/health", home, folder, patient) as url:
        yield url


def look(browser: webdriver.Chrome, url: str, width: int, scheme: str = "light") -> None:
    """Open a page at a width, as a device with this colour scheme."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(url)


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    """Return the browser, which forgets the hosts that other modules asked, and give it back its own size."""
    chromium.get("about:blank")
    asked_hosts(chromium)
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("language", ["en", "de", "pt", "hi"])
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1440, "light")])
def test_every_page_fits_and_can_be_read(
    portal: str, browser: webdriver.Chrome, language: str, width: int, scheme: str
) -> None:
    for tracking_id in (*IDS, "UNKNOWN12345", "OPENORDER123/change", "DELIVERED123/return"):
        look(browser, f"{portal}/track/{tracking_id}?lang={language}", width, scheme)
        beside: Any = browser.execute_script("return document.documentElement.scrollWidth - innerWidth")
        assert beside <= 0, f"{tracking_id} is wider than the page"
        contrast, text = browser.execute_script(CONTRAST)
        assert contrast >= 4.5, f"{text!r} of {tracking_id} has a contrast of {contrast:.2f}"
        landmarks = browser.find_elements(By.CSS_SELECTOR, "header, nav[aria-label], main")
        assert [each.tag_name for each in landmarks] == ["header", "nav", "main"]
        assert browser.execute_script(UNLABELLED) == 0
    assert asked_hosts(browser) <= {"127.0.0.1"}


def test_a_customer_asks_for_a_cancellation_without_a_script(portal: str, browser: webdriver.Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    look(browser, f"{portal}/track/OPENORDER123?lang=en", 390)
    browser.find_element(By.LINK_TEXT, "Cancel this order").click()
    wait_for_text(browser, "Nothing changes before that.")
    browser.find_element(By.NAME, "proof").send_keys("99999")
    browser.find_element(By.CSS_SELECTOR, "form button").click()
    wait_for_text(browser, "Neither the postcode nor the e-mail address")
    browser.find_element(By.NAME, "proof").send_keys(EMAIL)
    browser.find_element(By.CSS_SELECTOR, "form button").click()
    wait_for_text(browser, "asked for, awaiting approval")
    assert browser.current_url.endswith("/track/OPENORDER123?lang=en")
    browser.refresh()
    wait_for_text(browser, "asked for, awaiting approval")
    assert not browser.find_elements(By.LINK_TEXT, "Cancel this order")
