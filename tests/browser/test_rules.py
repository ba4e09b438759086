"""A rule in Chromium: made by clicking, previewed, saved, fired by the next run, seen in outbox and on the order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from orderhouse.messages.outbox import list_messages
from orderhouse.operations.store import open_store
from orderhouse.rules.rules_file import load_rules
from orderhouse.settings import Settings
from selenium import webdriver

from tests.browser.conftest import SERVE, serving, wait_for_text
from tests.browser.pressing import pick, press, tick
from tests.browser.test_acting import SOURCES, Place
from tests.integration.small_feeds import Shop, line, order, order_of, payment


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Run a shop of two paid orders, and serve its pages."""
    shop = Shop(tmp_path_factory.mktemp("shop"), SOURCES, "2026-03-10T12:00:00Z")
    shop.deliver("shop/1/orders", [order("one"), order("two")])
    shop.deliver("shop/1/order_lines", [line("one"), line("two")])
    shop.deliver("shop/1/payments", [payment("one"), payment("two")])
    shop.run()
    with serving(SERVE, "/_stcore/health", shop.home, tmp_path_factory.mktemp("dashboards")) as url:
        yield Place(shop, url)


def test_rule_is_made_by_clicking_and_holds_orders_in_the_next_run(chromium: webdriver.Chrome, place: Place) -> None:
    settings = Settings(home=place.shop.home)
    chromium.get(f"{place.address}/rules")
    press(chromium, "New rule")
    wait_for_text(chromium, "It cannot be saved yet. Add a condition.")
    press(chromium, "Add a condition")
    pick(chromium, "Value", "confirmed")
    wait_for_text(chromium, "2 rows match now. It would fire for 2 of them.")
    pick(chromium, "Next step", "Act")
    press(chromium, "Add the step")
    wait_for_text(chromium, "2. Act")
    tick(chromium, "Switched on")
    press(chromium, "Save")
    wait_for_text(chromium, "Which rules are there?")
    rule = load_rules(settings)[-1]
    assert (rule.name, rule.is_enabled, rule.actions) == ("new_rule", True, ("hold",))
    place.shop.command("run", "--as-of", place.shop.as_of)
    assert sorted(message.order_id or "" for message in list_messages(open_store(settings))) == ["one", "two"]
    place.shop.command("run", "--as-of", place.shop.as_of)
    assert order_of(place.shop, "one", "order_status") == ("on_hold",)
    chromium.get(f"{place.address}/orders?order=one")
    wait_for_text(chromium, "Order: On hold")
    wait_for_text(chromium, "rule new_rule")
    chromium.get(f"{place.address}/rules?rules_view=Fired")
    wait_for_text(chromium, "notify held; hold landed")
