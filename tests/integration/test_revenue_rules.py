"""Tests of what counts as revenue, when, and how it is rounded, on small feeds in two runs.

The second run brings a late rate.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.small_feeds import Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: "*.ndjson"
    covers: [orders, order_lines, payments, shipments, tracking, returns, products, fx_rates]
"""
RETURNED = {"status": "received", "quantity": "1", "line_id": "1", "sku": "mug", "warehouse_id": "west"}


def deliver_orders(shop: Shop) -> None:
    """Deliver one order per rule. Each has a channel of its own."""
    shop.deliver(
        "orders",
        [
            order("sold", channel="replacing"),
            order("again", channel="replacing", order_type="replacement", original_order_id="sold"),
            order(
                "taxed", channel="taxed", prices_include_tax="true", shipping_amount="5.95", shipping_tax_amount="0.95"
            ),
            order("early", channel="early", payment_terms="invoice"),
            order("parcels", channel="parcels"),
            order("foreign", channel="foreign", currency="USD", customer_id="c-foreign"),
        ],
    )
    shop.deliver(
        "order_lines",
        [
            line("sold", unit_price="20"),
            line("again", quantity=1, unit_price="0"),
            line("taxed", unit_price="119", discount_amount="23.80", tax_amount="34.20"),
            line("early"),
            line("parcels"),
            *[line("foreign", number, quantity=1, unit_price="1.01") for number in ("1", "2", "3")],
        ],
    )
    shop.deliver(
        "payments",
        [
            payment("early", occurred_at="2026-03-20T12:00:00Z"),
            payment("parcels"),
            payment("parcels", "5.00", payment_id="sorry", kind="refunded", occurred_at="2026-03-09T12:00:00Z"),
            payment(
                "foreign", "3.03", currency="USD", payout_id="po", payout_at="2026-03-05T12:00:00Z", fee_amount="0.11"
            ),
        ],
    )
    shop.deliver(
        "shipments",
        [
            shipment("early"),
            shipment("parcels", quantity=1),
            shipment("parcels", shipment_id="second", quantity=1, shipped_at="2026-03-06T12:00:00Z"),
        ],
    )
    shop.deliver("tracking", [scan(name, "delivered", "2026-03-05T12:00:00Z") for name in ("early", "parcels")])
    shop.deliver(
        "returns",
        [
            RETURNED | {"return_id": "r1", "order_id": "early", "occurred_at": "2026-03-08T12:00:00Z"},
            RETURNED | {"return_id": "r2", "order_id": "parcels", "occurred_at": "2026-03-04T12:00:00Z"},
        ],
    )
    shop.deliver(
        "products",
        [{"sku": "mug", "updated_at": "2026-01-01T00:00:00Z", "category": "cups", "unit_cost": "5", "currency": "EUR"}],
    )


FOREIGN = """
    select
        (select sum(gross_sales_amount_reporting) from marts.fct_revenue_daily
            where channel = 'foreign' and recognition_clock = 'placed'),
        (select net_amount_reporting from marts.fct_orders where order_id = 'foreign'),
        (select due_amount_reporting from marts.fct_orders where order_id = 'foreign'),
        (select net_spend_amount_reporting from marts.dim_customers where customer_id = 'c-foreign')
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, list[Any]]:
    """Run the feeds with a rate of February, then with one of the day. Return the home and what was known before."""
    shop = Shop(tmp_path_factory.mktemp("revenue"), SOURCES, "2026-04-10T00:00:00Z")
    deliver_orders(shop)
    rate = {"base": "USD", "quote": "EUR"}
    shop.deliver("fx_rates", [rate | {"rate_date": "2026-02-27", "rate": "0.25"}])
    shop.build()
    before = shop.built(FOREIGN)
    shop.deliver("fx_rates_late", [rate | {"rate_date": "2026-03-02", "rate": "0.5"}])
    shop.run()
    return shop, before


@pytest.fixture
def shop(runs: tuple[Shop, list[Any]]) -> Shop:
    """Return the home after both runs."""
    return runs[0]


def returns_of(shop: Shop, channel: str) -> list[tuple[Any, ...]]:
    """Return clock, day and amount of what came back on a channel."""
    return shop.published(
        "select recognition_clock, business_date, returns_amount from marts.fct_revenue_daily "
        "where channel = ? and returns_amount <> 0 order by business_date, recognition_clock",
        channel,
    )


def test_every_line_is_rounded_once_and_everything_above_sums_lines(runs: tuple[Shop, list[Any]]) -> None:
    """Three times 1.01 dollars at 0.25 are 0.2525 each, at 0.5 they are 0.505 each, and half goes to the even cent."""
    shop, before = runs
    assert before == [(Decimal("0.75"),) * 4]
    assert shop.published(FOREIGN) == [(Decimal("1.50"),) * 4]


def test_a_replacement_at_no_price_is_no_order_and_no_unit_but_has_a_cost(shop: Shop) -> None:
    found = shop.published(
        "select sum(orders_count), sum(units_quantity), sum(gross_sales_amount), sum(cost_of_goods_amount) "
        "from marts.fct_revenue_daily where channel = 'replacing' and recognition_clock = 'placed'"
    )
    assert found == [(1, 2, Decimal(40), Decimal(15))]


def test_where_prices_include_tax_the_parts_leave_it_out_and_total_is_what_is_due(shop: Shop) -> None:
    found = shop.published(
        "select sum(gross_sales_amount), sum(discounts_amount), sum(tax_amount), sum(shipping_amount), "
        "sum(total_sales_amount), (select due_amount from marts.fct_orders where order_id = 'taxed') "
        "from marts.fct_revenue_daily where channel = 'taxed' and recognition_clock = 'placed'"
    )
    assert found == [tuple(map(Decimal, ("200", "20", "35.15", "5", "220.15", "220.15")))]


def test_shipping_and_refunds_without_a_split_have_categories_of_their_own(shop: Shop) -> None:
    found = shop.published(
        "select category, sum(shipping_amount), sum(refunds_amount) from marts.fct_revenue_daily "
        "where recognition_clock = 'placed' group by category "
        "having sum(shipping_amount + refunds_amount) <> 0 order by category"
    )
    assert found == [("shipping", Decimal(5), Decimal(0)), ("unassigned", Decimal(0), Decimal(5))]


def test_goods_that_came_back_before_they_were_paid_count_on_the_day_of_payment(shop: Shop) -> None:
    returned, paid = date(2026, 3, 8), date(2026, 3, 20)
    assert returns_of(shop, "early") == [
        *[(clock, returned, Decimal(30)) for clock in ("delivered", "placed", "shipped")],
        ("paid", paid, Decimal(30)),
    ]


def test_of_two_parcels_the_first_comes_back_first(shop: Shop) -> None:
    """One unit came back on the 4th. The first parcel had left by then, and arrived on the 5th."""
    assert returns_of(shop, "parcels") == [
        *[(clock, date(2026, 3, 4), Decimal(30)) for clock in ("paid", "placed", "shipped")],
        ("delivered", date(2026, 3, 5), Decimal(30)),
    ]


def test_what_is_sold_and_not_delivered_is_in_the_pipeline(shop: Shop) -> None:
    found = shop.published("select sum(total_sales_amount) from marts.fct_revenue_pipeline where channel = 'taxed'")
    assert found == [(Decimal("220.15"),)]


def test_the_journal_follows_an_order_from_its_payment_to_its_return(shop: Shop) -> None:
    found = shop.published(
        "select entry_kind, business_date, account, debit_amount, credit_amount from marts.fct_journal "
        "where order_id = 'parcels' and entry_kind <> 'cost' order by business_date, entry_id, account"
    )
    first, second = date(2026, 3, 3), date(2026, 3, 6)
    assert found == [
        ("captured", date(2026, 3, 2), "cash_in_transit", 60, 0),
        ("captured", date(2026, 3, 2), "deferred_revenue", 0, 60),
        ("sale", first, "deferred_revenue", 30, 0),
        ("sale", first, "sales", 0, 30),
        ("return", date(2026, 3, 4), "deferred_revenue", 0, 30),
        ("return", date(2026, 3, 4), "returns", 30, 0),
        ("sale", second, "deferred_revenue", 30, 0),
        ("sale", second, "sales", 0, 30),
        ("refunded", date(2026, 3, 9), "cash_in_transit", 0, 5),
        ("refunded", date(2026, 3, 9), "deferred_revenue", 5, 0),
    ]


def test_a_payout_moves_what_was_in_transit_to_cash_and_fees(shop: Shop) -> None:
    found = shop.published(
        "select account, sum(debit_amount - credit_amount), sum(debit_amount_reporting - credit_amount_reporting) "
        "from marts.fct_journal where order_id = 'foreign' group by account order by account"
    )
    assert found == [
        ("cash", Decimal("2.92"), Decimal("1.46")),
        ("cash_in_transit", Decimal(0), Decimal(0)),
        ("deferred_revenue", Decimal("-3.03"), Decimal("-1.52")),
        ("fees", Decimal("0.11"), Decimal("0.06")),
    ]
