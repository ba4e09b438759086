"""Tests of customers and KPIs of a small shop: customers, purchases, periods and what is owed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from orderhouse.serve.queries import headline_kpis

from tests.integration.running import published_file
from tests.integration.small_feeds import Row, Shop, line, order, payment, scan, shipment

SOURCES = """
merchant: {business_time_zone: UTC, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*.ndjson
    covers: [orders, order_lines, payments, shipments, tracking, returns, customers, products, carts]
"""
AS_OF = "2026-03-20T00:00:00Z"


def sold(order_id: str, day: int, **more: object) -> Row:
    """Return an order of a day of March 2026, at noon."""
    at = f"2026-03-{day:02}T12:00:00Z"
    return order(order_id, placed_at=at, updated_at=at, **more)


ORDERS = [
    # Nine orders are delivered after 24 hours, and the tenth, on the last day, after 144.
    *[sold(f"quick-{day}", day, customer_id="regular") for day in range(1, 10)],
    sold("slow", 9, customer_id="regular", ship_country="FR"),
    # Nobody can say who placed these two orders, not even whether it was one person.
    sold("nobody-1", 4, channel="till"),
    sold("nobody-2", 5, channel="till"),
    sold("sample", 3, customer_id="sampler"),
    sold("cancelled", 3, customer_id="undecided", is_cancelled=True, cancelled_at="2026-03-04T12:00:00Z"),
    sold("dollars", 6, customer_id="abroad", currency="USD"),
    # Shipped, and paid in part, in full and more, given back in part, and not at all.
    *[sold(f"owed-{name}", 10, customer_id="payer") for name in ("part", "returned", "too-much", "goodwill")],
]
PARCELS = [
    *[shipment(f"quick-{day}", shipped_at=f"2026-03-{day:02}T18:00:00Z", carrier="dhl") for day in range(1, 10)],
    shipment("slow", shipped_at="2026-03-10T12:00:00Z", carrier="gls"),
    *[
        shipment(f"owed-{name}", shipped_at="2026-03-11T12:00:00Z")
        for name in ("part", "returned", "too-much", "goodwill")
    ],
]
SCANS = [
    *[scan(f"quick-{day}", "delivered", f"2026-03-{day + 1:02}T12:00:00Z") for day in range(1, 10)],
    scan("slow", "delivered", "2026-03-15T12:00:00Z"),
]
LATER = {"occurred_at": "2026-03-14T12:00:00Z"}
PAYMENTS = [
    payment("owed-part", "20.00"),
    payment("owed-returned"),
    payment("owed-returned", "30.00", payment_id="back", kind="refunded", return_id="R1", **LATER),
    payment("owed-too-much", "75.00"),
    payment("owed-goodwill"),
    payment("owed-goodwill", "6.00", payment_id="goodwill", kind="refunded", shipping_amount="6.00", **LATER),
    # A payment without an order is no attempt to pay for one.
    payment("no-such-order", "5.00", kind="failed", occurred_at="2026-03-16T12:00:00Z"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Run the feeds in one home."""
    shop = Shop(tmp_path_factory.mktemp("customers"), SOURCES, AS_OF)
    shop.deliver("shop/orders", ORDERS)
    price = {"sample": "0.00", "nobody-1": "500.00"}
    lines = [line(row["order_id"], unit_price=price.get(row["order_id"], "30.00")) for row in ORDERS]
    shop.deliver("shop/order_lines", lines)
    shop.deliver("shop/shipments", PARCELS)
    shop.deliver("shop/tracking", SCANS)
    shop.deliver("shop/payments", PAYMENTS)
    received = {"return_id": "R1", "order_id": "owed-returned", "line_id": "1", "status": "received", "quantity": 1}
    shop.deliver("shop/returns", [received | {"occurred_at": "2026-03-13T12:00:00Z"}])
    product = {"sku": "mug", "updated_at": "2026-01-01T00:00:00Z", "category": "kitchen"}
    shop.deliver("shop/products", [product])
    shop.deliver("shop/customers", [{"customer_id": "regular", "updated_at": "2026-03-01T00:00:00Z", "gender": "F"}])
    left = {"cart_id": "c1", "sku": "mug", "quantity": 1, "customer_id": "payer"}
    shop.deliver(
        "shop/carts",
        [
            left | {"status": "added", "occurred_at": "2026-03-02T12:00:00Z"},
            left | {"status": "abandoned", "occurred_at": "2026-03-03T12:00:00Z"},
        ],
    )
    shop.run()
    return shop


@pytest.fixture(scope="module")
def kpis(shop: Shop) -> dict[str, Row]:
    """Return the KPIs of the last 28 days, as the run prints them."""
    with duckdb.connect(str(published_file(shop.home)), read_only=True) as connection:
        return {row["kpi"]: row for row in headline_kpis(connection)}


def daily(shop: Shop, kpi: str, day: str) -> tuple[Decimal | None, Decimal | None]:
    """Return numerator and denominator of a KPI on a day."""
    (row,) = shop.published(
        "select numerator, denominator from marts.fct_kpi_daily "
        "where kpi = ? and dimension = 'all' and business_date = ?::date",
        kpi,
        day,
    )
    return row[0], row[1]


def test_orders_without_customer_id_and_e_mail_are_orders_and_no_customers(shop: Shop) -> None:
    customers = shop.published("select customer_id from marts.dim_customers order by 1")
    assert [name for (name,) in customers] == ["abroad", "payer", "regular", "sampler", "undecided"]
    segments = shop.published("select distinct customer_key from marts.fct_customer_segments order by 1")
    assert [key for (key,) in segments] == [f"c:{name}" for (name,) in customers]
    assert shop.published("select count(*) from marts.fct_orders where customer_key like 'o:nobody%'") == [(2,)]
    new = "select * from marts.fct_kpi_daily where kpi = 'new_customers' and business_date = '2026-03-04'"
    assert not shop.published(new), "a day without a new customer has no row"
    # The regular customer had ordered before. Nobody knows whether the other one of the day had.
    assert daily(shop, "repeat_rate", "2026-03-04") == (1, 2)


def test_an_order_at_price_zero_is_no_purchase(shop: Shop) -> None:
    rows = shop.published(
        "select customer_id, orders_count, purchases_count, lifecycle from marts.dim_customers "
        "where customer_id in ('sampler', 'undecided', 'regular') order by 1"
    )
    assert rows == [
        # Bought once a day, and eleven days ago.
        ("regular", 10, 10, "lost"),
        ("sampler", 1, 0, "never_bought"),
        ("undecided", 1, 0, "never_bought"),
    ]


def test_spend_that_no_rate_converts_has_no_score_and_not_the_lowest(shop: Shop) -> None:
    rows = shop.published(
        "select monetary_score, segment from marts.fct_customer_segments "
        "where customer_key = 'c:abroad' and scheme = 'rfm' and snapshot_date = date '2026-03-20'"
    )
    assert rows == [(None, "unscored")]
    known = shop.published(
        "select customer_key, monetary_score from marts.fct_customer_segments where scheme = 'rfm' "
        "and customer_key in ('c:payer', 'c:regular', 'c:sampler') and snapshot_date = date '2026-03-20' order by 1"
    )
    assert known == [("c:payer", 4), ("c:regular", 5), ("c:sampler", 1)]


def test_every_customer_has_one_segment_of_seven_schemes(shop: Shop) -> None:
    rows = shop.published(
        "select scheme, segment from marts.fct_customer_segments where customer_key = 'c:regular' "
        "and snapshot_date = date '2026-03-20' and scheme not in ('rfm', 'lifecycle', 'value_band') order by 1"
    )
    assert rows == [
        ("affinity", "kitchen"),
        ("cart", "none"),
        ("demographic", "f, unknown"),
        ("discount", "full_price"),
    ]
    abandoner = shop.published(
        "select distinct segment from marts.fct_customer_segments where customer_key = 'c:payer' and scheme = 'cart'"
    )
    assert abandoner == [("abandoner",)]


def test_a_customer_has_all_countries_and_the_first_category(shop: Shop) -> None:
    assert shop.published(
        "select countries, first_category, has_first_discount from marts.dim_customers where customer_id = 'regular'"
    ) == [("DE,FR", "kitchen", False)]


def test_cohorts_hold_customers_by_their_first_order(shop: Shop) -> None:
    rows = shop.published(
        "select first_order_month, months_after, sum(customers_count), sum(active_customers_count), "
        "sum(purchases_count) "
        "from marts.fct_cohort_retention group by all"
    )
    assert rows == [(date(2026, 3, 1), 0, 5, 3, 15)]


def test_median_and_90th_percentile_of_28_days_are_not_those_of_the_last_day(kpis: dict[str, Row]) -> None:
    assert kpis["order_cycle_hours_median"]["recent"] == 24
    assert kpis["order_cycle_hours_p90"]["recent"] == 36
    assert kpis["order_cycle_hours"]["recent"] == 36


def test_percentiles_of_a_day_and_a_carrier_come_from_whole_hours(shop: Shop) -> None:
    assert daily(shop, "order_cycle_hours_p90", "2026-03-15") == (144, 1)
    rows = shop.published(
        "select dimension_value, bucket_hours, sum(durations_count) from marts.fct_kpi_distribution "
        "where kpi = 'order_cycle_hours' and dimension = 'carrier' group by all order by all"
    )
    assert rows == [("dhl", 24, 9), ("gls", 144, 1)]


def test_receivables_hold_neither_refunded_returns_nor_goodwill_nor_overpayments(shop: Shop) -> None:
    # Quick orders, the slow one and the part paid one are owed: 10 × 60 and 40.
    assert daily(shop, "days_sales_outstanding", "2026-03-20")[0] == Decimal(640 * 90)
    # On the 12th, all units were still with the customers, and everybody but one had paid.
    assert daily(shop, "days_sales_outstanding", "2026-03-12")[0] == Decimal(640 * 90)
    # On the 9th, eight of the quick orders and the slow one were delivered or on the way.
    assert daily(shop, "days_sales_outstanding", "2026-03-09")[0] == Decimal(540 * 90)


def test_a_payment_without_an_order_lowers_no_success_rate(shop: Shop, kpis: dict[str, Row]) -> None:
    assert kpis["payment_success_rate"]["recent"] == 1
    attempts = shop.published(
        "select sum(denominator) from marts.fct_kpi_daily where kpi = 'payment_success_rate' and dimension = 'all'"
    )
    assert attempts == [(4,)]


def test_average_order_value_is_that_of_the_orders_recognised(shop: Shop, kpis: dict[str, Row]) -> None:
    assert kpis["orders"]["recent"] == len(ORDERS)
    recognised, average = kpis["orders_recognised"], kpis["average_order_value"]
    assert average["denominator"] == recognised["numerator"]


def test_days_that_may_still_change_are_marked(shop: Shop, kpis: dict[str, Row]) -> None:
    rows = shop.published(
        "select business_date, is_mature from marts.fct_kpi_daily where kpi = 'on_time_shipment_rate' "
        "and dimension = 'all' and business_date >= date '2026-03-12' order by 1"
    )
    assert dict(rows)[date(2026, 3, 12)] is True
    assert kpis["return_rate_units"]["immature_days"] == 28
    assert kpis["return_rate_units"]["compared"] is None
