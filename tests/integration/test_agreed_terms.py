"""Agreed prices and delivery windows, from the feed to exceptions and margins, in batches that correct each other."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from orderhouse.settings import load_settings

from tests.integration.running import run_orderhouse
from tests.integration.small_feeds import Row, Shop, line, order
from tests.properties.rebuilding import tables_that_differ

AS_OF = "2026-03-05T00:00:00Z"
SOURCES = """
merchant: {business_time_zone: Europe/Berlin, reporting_currency: EUR}
sources:
  shop:
    format: canonical
    path: shop/*/*.ndjson
    covers: [orders, order_lines, shipments, tracking, customers, products, price_lists]
    words: {customers.customer_group: {grosshandel: wholesale}}
"""
TERMS = ("off_contract_price", "promise_outside_window")


def agreed(name: str, price: str, **more: Any) -> Row:
    """Return a price of the mug from the beginning of the year on."""
    given = {"sku": "mug", "currency": "EUR", "valid_from": "2026-01-01", "updated_at": "2026-01-01T00:00:00Z"}
    return {"price_list_id": name, "unit_price": price, **given, **more}


def customer(name: str, day: int = 1, **more: Any) -> Row:
    """Return a version of a customer."""
    return {"customer_id": name, "updated_at": f"2026-01-0{day}T00:00:00Z", "city": "Ulm", **more}


WINDOW = {"delivery_weekdays": "Mon, 2", "delivery_from": "8:00", "delivery_until": "12:00"}
DELIVERIES: list[dict[str, list[Row]]] = [
    {
        "orders": [
            order("dear", customer_id="c1", promised_at="2026-03-11T08:00:00Z"),
            order("fair", customer_id="c1"),
            order("grouped", customer_id="c2", promised_at="2026-03-10"),
            order("stranger", customer_id="c3", promised_at="2026-03-11"),
            order("tried", customer_id="c1", is_test=True),
            order("sample", customer_id="c1", order_type="sample"),
        ],
        "order_lines": [
            line("dear", discount_amount="1.00"),
            line("fair", unit_price="28.00"),
            line("grouped"),
            line("stranger"),
            line("tried"),
            line("sample"),
        ],
        "customers": [customer("c1"), customer("c2"), customer("c3")],
        "products": [{"sku": "mug", "updated_at": "2026-01-01T00:00:00Z", "unit_cost": "10.00", "currency": "EUR"}],
    },
    {"price_lists": [agreed("trade", "28.00", customer_id="c1", **WINDOW)]},
    {
        "price_lists": [
            agreed("trade", "29.50", customer_id="c1", updated_at="2026-02-01T00:00:00Z", **WINDOW),
            agreed("club", "25.00", customer_group="Wholesale", delivery_weekdays="fri"),
        ],
        "customers": [customer("c2", 2, customer_group="Grosshandel")],
    },
    {
        "orders": [
            order("dear", customer_id="c1", promised_at="2026-03-10T11:00:00Z", updated_at="2026-03-03T00:00:00Z")
        ],
        "price_lists": [
            agreed("trade", "29.50", customer_id="c1", valid_until="2026-03-01", updated_at="2026-02-02T00:00:00Z")
        ],
    },
]
DEAR = "Line 1: EUR 29.50 charged for a unit, EUR 28.00 agreed in price list trade; 2 units"
WEDNESDAY = (
    "Line 1 is promised for Wednesday 2026-03-11 09:00:00 (Europe/Berlin); "
    "price list trade agrees on deliveries on mon, 2 from 08:00 until 12:00"
)
CHEAP = "Line 1: EUR 28.00 charged for a unit, EUR 29.50 agreed in price list trade; 2 units"
GROUPED = "Line 1: EUR 30.00 charged for a unit, EUR 25.00 agreed in price list club; 2 units"
TUESDAY = "Line 1 is promised for Tuesday 2026-03-10; price list club agrees on deliveries on fri"
RAISED: list[set[tuple[str, ...]]] = [
    set(),
    {("dear", TERMS[0], DEAR, "3.00"), ("dear", TERMS[1], WEDNESDAY, "59.00")},
    {
        ("dear", TERMS[1], WEDNESDAY, "59.00"),
        ("fair", TERMS[0], CHEAP, "3.00"),
        ("grouped", TERMS[0], GROUPED, "10.00"),
        ("grouped", TERMS[1], TUESDAY, "60.00"),
    },
    {("grouped", TERMS[0], GROUPED, "10.00"), ("grouped", TERMS[1], TUESDAY, "60.00")},
]
# Lines, units, net sales before returns, contract sales, difference, cost and both margins.
MARGINS: list[set[tuple[str, ...]]] = [
    set(),
    {("trade", "2026-03-01", "2", "1", "4", "115.00", "112.00", "3.00", "40.00", "75.00", "72.00")},
    {
        ("trade", "2026-03-01", "2", "1", "4", "115.00", "118.00", "-3.00", "40.00", "75.00", "78.00"),
        ("club", "2026-03-01", "1", "1", "2", "60.00", "50.00", "10.00", "20.00", "40.00", "30.00"),
    },
    {("club", "2026-03-01", "1", "1", "2", "60.00", "50.00", "10.00", "20.00", "40.00", "30.00")},
]
MONEY = (
    "net_sales_before_returns_amount", "contract_sales_amount", "difference_amount", "cost_of_goods_amount",
    "gross_margin_amount", "contract_margin_amount",
)  # fmt: skip


def raised(shop: Shop) -> set[tuple[str, ...]]:
    """Return the exceptions about terms, as the last build has them."""
    sql = (
        "select order_id, code, detail, amount_at_stake::decimal(18, 2)::varchar from marts.fct_exceptions "
        "where code in (?, ?) and subject_type = 'order_line' and subject_id = order_id || ' line 1' and owner <> ''"
    )
    return set(shop.built(sql, *TERMS))


def margins(shop: Shop) -> set[tuple[str, ...]]:
    """Return the margins by contract, as the last build has them."""
    money = ", ".join(f"{name}::decimal(18, 2)::varchar" for name in MONEY)
    sql = (
        "select price_list_id, month_date::varchar, lines_count::varchar, off_contract_lines_count::varchar, "
        f"units_quantity::varchar, {money} from marts.fct_contract_margin where currency = 'EUR'"
    )
    return set(shop.built(sql))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop into which nothing has come yet."""
    return Shop(tmp_path_factory.mktemp("terms"), SOURCES, AS_OF)


@pytest.mark.parametrize("batch", range(len(DELIVERIES)))
def test_a_batch_of_prices_touches_the_lines_that_they_count_for(shop: Shop, batch: int) -> None:
    for feed, rows in DELIVERIES[batch].items():
        shop.deliver(f"shop/{batch}/{feed}", rows)
    shop.build()
    assert raised(shop) == RAISED[batch]
    assert margins(shop) == MARGINS[batch]
    assert tables_that_differ(load_settings(home=shop.home)) == []


def test_the_new_cells_are_explained_by_their_rows(shop: Shop) -> None:
    run_orderhouse("audit", home=shop.home)
    run_orderhouse("publish", home=shop.home)
    ((exception_id,),) = shop.published(
        "select exception_id from ops.exceptions where order_id = 'grouped' and code = ?", TERMS[0]
    )
    printed = run_orderhouse("explain", "fct_exceptions", f"exception_id={exception_id}", "detail", home=shop.home)
    assert "equal" in printed and "price_lists" in printed
    printed = run_orderhouse(
        "explain", "fct_contract_margin", "price_list_id=club", "difference_amount", home=shop.home
    )
    assert "equal" in printed


def test_margins_and_exceptions_are_as_known_before_a_correction(shop: Shop) -> None:
    with duckdb.connect(str(shop.home / "warehouse" / "raw.duckdb"), read_only=True) as raw:
        ((instant,),) = raw.execute(
            "select finished_at from raw.raw.batches where batch_id = (select min(_batch_id) from raw.raw.price_lists)"
        ).fetchall()

    def ask(query: str) -> list[Row]:
        when = ("--known-at", f"{instant.isoformat()}Z", "--as-of", AS_OF, "--format", "json")
        printed = run_orderhouse("sql", query, *when, home=shop.home)
        rows: list[Row] = json.loads(printed[printed.index("[") :])
        return rows

    margin = "select price_list_id, difference_amount::varchar as difference from marts.fct_contract_margin"
    assert ask(margin) == [{"price_list_id": "trade", "difference": "3.0000"}]
    codes = "select order_id, code from marts.fct_exceptions where subject_type = 'order_line' order by code"
    assert [(row["order_id"], row["code"]) for row in ask(codes)] == [("dear", code) for code in TERMS]
