"""Tests of closed months: later changes of a closed month are restatements with the rows that caused them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from orderhouse.serve.closing import Restatement, restatements
from orderhouse.settings import Settings

from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Shop, line, order, payment, shipment

AS_OF = "2026-04-10T12:00:00Z"
SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
    covers: [orders, order_lines, payments, shipments, returns, fx_rates]
"""
RATE = {"rate_date": "2026-03-02", "base": "EUR", "quote": "USD"}
RETURNED = {
    "return_id": "r1", "order_id": "sent", "line_id": "1", "quantity": 1, "occurred_at": "2026-03-20T12:00:00Z"
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop whose March was closed, and then got a late return, a late version and a corrected rate."""
    shop = Shop(tmp_path_factory.mktemp("closing"), SOURCES, AS_OF)
    shop.deliver("shop/1/orders", [order("sent"), order("usd", currency="USD"), order("calm", channel="app")])
    shop.deliver("shop/1/order_lines", [line("sent"), line("usd"), line("calm")])
    shop.deliver("shop/1/payments", [payment("sent")])
    shop.deliver("shop/1/shipments", [shipment("sent")])
    shop.deliver("shop/1/fx_rates", [{**RATE, "rate": "1.20"}])
    shop.run()
    run_orderhouse("close", "2026-03", "--who", "mia", home=shop.home)
    assert run_orderhouse("restatements", "2026-03", home=shop.home).startswith("Nothing in 2026-03 has changed")
    shop.deliver("shop/2/returns", [{**RETURNED, "status": "received"}, {**RETURNED, "status": "restocked"}])
    shop.deliver("shop/2/order_lines", [line("usd", updated_at="2026-04-05T12:00:00Z", quantity=3)])
    shop.deliver("shop/2/fx_rates", [{**RATE, "rate": "1.50"}, {**RATE, "rate": "1.20"}])
    shop.run()
    return shop


@pytest.fixture(scope="module")
def changes(shop: Shop) -> list[Restatement]:
    return restatements(Settings(home=shop.home), "2026-03")


def figure(changes: list[Restatement], measure: str, currency: str) -> Restatement:
    """Return the only restatement of a measure under the placed clock."""
    (found,) = [
        each
        for each in changes
        if (each.measure, each.key["currency"], each.key["recognition_clock"]) == (measure, currency, "placed")
    ]
    return found


def test_a_late_return_restates_its_day_and_is_named_as_the_cause(changes: list[Restatement]) -> None:
    found = figure(changes, "returns_amount", "EUR")
    assert str(found.key["business_date"]) == "2026-03-20"
    assert (found.closed or 0, found.current, found.difference) == (0, Decimal(30), Decimal(30))
    assert [cause for cause in found.causes if cause.startswith("returns ") and cause.endswith("returns.ndjson:1")]


def test_a_late_version_restates_the_day_of_the_sale(changes: list[Restatement]) -> None:
    found = figure(changes, "gross_sales_amount", "USD")
    assert (found.closed, found.current, found.difference) == (Decimal(60), Decimal(90), Decimal(30))
    assert any("order_lines" in cause for cause in found.causes)


def test_a_late_rate_restates_the_reporting_currency(changes: list[Restatement]) -> None:
    found = figure(changes, "gross_sales_amount_reporting", "USD")
    assert found.closed == Decimal(50)
    assert found.current in (Decimal(60), Decimal(75))
    assert any("fx_rates" in cause for cause in found.causes)


def test_what_nothing_touched_is_not_restated(changes: list[Restatement]) -> None:
    assert {each.key["channel"] for each in changes} == {"web"}


def test_the_command_lists_figures_with_file_and_line(shop: Shop) -> None:
    printed = run_orderhouse("restatements", "2026-03", home=shop.home, COLUMNS="250")
    assert "returns_amount" in printed
    assert "returns.ndjson:1" in printed


@pytest.mark.parametrize(
    ("command", "month", "sentence"),
    [
        ("close", "2026-03", "was closed at"),
        ("close", "2026-04", "has not ended"),
        ("close", "2027-01", "has not ended"),
        ("close", "2026-02", "has no revenue"),
        ("close", "March", "is not a month"),
        ("restatements", "2026-02", "is not closed"),
    ],
)
def test_a_month_that_cannot_be_closed_is_refused_in_a_sentence(
    shop: Shop, command: str, month: str, sentence: str
) -> None:
    assert sentence in " ".join(run_orderhouse(command, month, home=shop.home, expect=2).split())
