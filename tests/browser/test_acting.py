"""Jobs in Chromium: a row is repaired, an order is held, both count after the run; two people act on one order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from orderhouse.actions.landing import landed_names
from orderhouse.operations.audit_log import entries
from orderhouse.settings import Settings
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import SERVE, serving, wait_for_element, wait_for_text, wait_until_drawn, waiting
from tests.browser.pressing import press_key, write
from tests.integration.small_feeds import Shop, line, order, order_of, payment

SOURCES = """
sources:
  shop: {format: canonical, path: shop/*/*.ndjson, covers: [orders, order_lines, payments, shipments, returns, actions]}
"""


@dataclass(frozen=True)
class Place:
    """A shop whose published version the dashboards serve."""

    shop: Shop
    address: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Run a shop of two orders and of one in quarantine, and serve its pages."""
    shop = Shop(tmp_path_factory.mktemp("shop"), SOURCES, "2026-03-10T12:00:00Z")
    shop.deliver("shop/1/orders", [order("one"), order("two"), order("three", currency="EURO")])
    shop.deliver("shop/1/order_lines", [line("one"), line("two")])
    shop.deliver("shop/1/payments", [payment("one"), payment("two")])
    shop.run()
    with serving(SERVE, "/_stcore/health", shop.home, tmp_path_factory.mktemp("dashboards")) as url:
        yield Place(shop, url)


@pytest.fixture(scope="module")
def repaired(chromium: webdriver.Chrome, place: Place) -> str:
    """Repair the row in quarantine on its page, and return what the page says then."""
    ((row,),) = place.shop.published("select quarantine_id from quality.quarantine where feed = 'orders'")
    chromium.get(f"{place.address}/data_quality?record={row}")
    # The column that broke a rule is chosen already.
    box = wait_for_element(chromium, ".st-key-repair_currency input")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys("EUR\t")
    wait_for_element(chromium, ".st-key-repair_why input").send_keys("The shop writes EURO\t")
    press_key(chromium, "repair_form")
    wait_for_text(chromium, "it is in its feed")
    return str(chromium.find_element(By.TAG_NAME, "body").text)


def test_order_is_held_pending_at_once_and_held_after_the_run(
    chromium: webdriver.Chrome, place: Place, repaired: str
) -> None:
    assert "Replayed 1 repaired row:" in repaired
    chromium.get(f"{place.address}/orders?order=one")
    press_key(chromium, "act_hold")
    write(chromium, "text_hold", "The address looks wrong")
    press_key(chromium, "send_hold")
    wait_for_text(chromium, "Pending until the next run")
    assert len(landed_names(Settings(home=place.shop.home))) == 1
    assert "The address looks wrong" not in chromium.find_element(By.TAG_NAME, "body").text
    place.shop.run()
    # The open page moves to the new version by itself.
    wait_for_text(chromium, "Order: On hold")
    assert "Pending until the next run" not in chromium.find_element(By.TAG_NAME, "body").text
    assert order_of(place.shop, "one", "order_status") == ("on_hold",)
    waiting(chromium).until(
        lambda found: not found.find_element(By.CSS_SELECTOR, ".st-key-act_release button").get_attribute("disabled")
    )


def test_row_repaired_on_its_page_is_an_order_after_the_run(
    chromium: webdriver.Chrome, place: Place, repaired: str
) -> None:
    """The run of the test above takes the repair in."""
    assert "Replayed 1 repaired row:" in repaired and "The next run takes it in" in repaired
    if not place.shop.published("select 1 from ops.orders where order_id = 'three'"):
        place.shop.run()
    chromium.get(f"{place.address}/orders?order=three")
    wait_until_drawn(chromium, "Order three")
    ((decided,),) = place.shop.published("select made_by from quality.repairs where why = 'The shop writes EURO'")
    (entry,) = [each for each in entries(Settings(home=place.shop.home)) if each.action == "quarantine_repair"]
    assert entry.actor == decided


def test_second_of_two_people_is_told_what_changed(chromium: webdriver.Chrome, place: Place) -> None:
    settings = Settings(home=place.shop.home)
    before = len(landed_names(settings))
    chromium.get(f"{place.address}/orders?order=two")
    press_key(chromium, "act_cancel")
    write(chromium, "text_cancel", "The customer called")
    first = chromium.current_window_handle
    chromium.switch_to.new_window("window")
    try:
        chromium.get(f"{place.address}/orders?order=two")
        wait_for_text(chromium, "Open too: you in another window")
        press_key(chromium, "act_hold")
        write(chromium, "text_hold", "Wait for the customer")
        press_key(chromium, "send_hold")
        wait_for_text(chromium, "Pending until the next run")
    finally:
        chromium.close()
        chromium.switch_to.window(first)
    press_key(chromium, "send_cancel")
    wait_for_text(chromium, "it has changed since you saw it")
    wait_for_text(chromium, "hold at")
    assert len(landed_names(settings)) == before + 1
