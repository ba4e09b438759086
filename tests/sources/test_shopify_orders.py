"""Tests of `shopify_orders` on real payloads, and on made-up objects for cases that these lack."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from orderhouse.files.source_files import FileRejected, local_file
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows

from tests.integration.running import data_folder
from tests.sources.shopify_examples import (
    PLACED,
    cancelled_hat,
    customer,
    fulfilment,
    money,
    order,
    product,
    refund,
    transaction,
)
from tests.sources.test_real_formats import Raw

LATER = "2026-03-21T10:00:00-04:00"


def sent(tmp_path: Path, files: dict[str, Any], more: str = "") -> Raw:
    """Ingest these files, each a JSON value, text or bytes; return the raw tables."""
    folder = tmp_path / "landing"
    folder.mkdir()
    for name, content in files.items():
        text = content if isinstance(content, str | bytes) else json.dumps(content, indent=1)
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    sources = tmp_path / "sources.yaml"
    sources.write_text(f"sources:\n  shop:\n    format: shopify_orders\n    path: landing/*\n{more}")
    loaded = load_settings(home=tmp_path / "home", sources=sources)
    receive(loaded)
    return Raw(loaded)


def real(tmp_path: Path, name: str, more: str = "") -> Raw:
    """Ingest one of the real payloads; return the raw tables."""
    return sent(tmp_path, {name: (data_folder() / "payloads" / "shopify_api" / name).read_bytes()}, more)


def worth(raw: Raw, order_id: str) -> object:
    """Return the total of an order: lines after discount, their tax, shipping and its tax."""
    ((total,),) = raw(
        f"""
        select sum(quantity * unit_price - coalesce(discount_amount, 0) + coalesce(tax_amount, 0))
            + (select coalesce(shipping_amount, 0) + coalesce(shipping_tax_amount, 0) from raw.orders
                where order_id = '{order_id}' limit 1)
        from raw.order_lines where order_id = '{order_id}'
        """  # noqa: S608
    )
    return total


def test_the_real_webhook_is_a_cancelled_test_order_worth_its_total_price(tmp_path: Path) -> None:
    raw = real(tmp_path, "laravel_webhook.json")
    assert raw(
        "select order_id, currency, is_test, is_cancelled, cancel_reason, shipping_amount, placed_at::varchar "
        "from raw.orders"
    ) == [("820982911946154508", "USD", True, True, "customer", Decimal("10.0000"), "2017-07-17 17:44:09")]
    assert raw("select sku, unit_price, discount_amount from raw.order_lines order by sku") == [
        ("706405907431", Decimal("27.9900"), Decimal("5.0000")),
        ("706405908216", Decimal("24.9900"), Decimal("0.0000")),
    ]
    assert worth(raw, "820982911946154508") == Decimal("57.98")


def test_the_real_old_order_keeps_the_tax_that_no_line_tells_in_a_line_of_its_own(tmp_path: Path) -> None:
    raw = real(tmp_path, "order.json")
    assert raw("select sku, unit_price, tax_amount, requires_shipping from raw.order_lines order by sku") == [
        ("IPOD2008BLACK", Decimal("199.0000"), None, True),
        ("IPOD2008GREEN", Decimal("199.0000"), None, True),
        ("IPOD2008RED", Decimal("199.0000"), None, True),
        ("TAX", Decimal("0.0000"), Decimal("11.9400"), False),
    ]
    # Its own total is 409.94, which covers two of its three lines. The right total is 3 × 199.00 + 11.94.
    assert worth(raw, "450789469") == Decimal("608.94")
    assert raw("select sku, kind from raw.products") == [("TAX", "service")]
    # The one fulfilment failed.
    assert raw("select count(*) from raw.shipments") == [(0,)]
    assert raw("select ignored_columns from raw.files where feed is null") == [
        ('["1 fulfilments that wait or failed (nothing has left the building)"]',)
    ]


def test_the_real_refund_gives_returns_and_the_money(tmp_path: Path) -> None:
    raw = real(tmp_path, "refund.json")
    assert raw("select return_id, line_id, status, quantity, sku from raw.returns order by line_id") == [
        ("509562969", "466157049", "legacy_restock", 1, "IPOD2008GREEN"),
        ("509562969", "703073504", "legacy_restock", 1, "IPOD2008BLACK"),
    ]
    # 209.00 for two lines without amounts: how it is split is not known.
    assert raw("select payment_id, kind, amount, return_id, goods_amount from raw.payments") == [
        ("179259969", "refund/success", Decimal("209.0000"), "509562969", None)
    ]


def test_the_real_transactions_need_a_currency_and_take_it_from_the_source(tmp_path: Path) -> None:
    raw = real(tmp_path, "transactions.json")
    assert raw("select reasons from raw.quarantine") == [("currency is missing",)]
    (tmp_path / "declared").mkdir()
    told = real(tmp_path / "declared", "transactions.json", "    constants: {currency: USD}\n")
    assert told("select payment_id, order_id, kind, amount, currency from raw.payments") == [
        ("389404469", "450789469", "authorization/success", Decimal("409.9400"), "USD")
    ]


def test_the_real_disputes_open_and_close_and_an_inquiry_is_set_aside(tmp_path: Path) -> None:
    raw = real(tmp_path, "disputes.json")
    assert raw("select kind, count(*), sum(amount) from raw.payments group by 1 order by 1") == [
        ("chargeback/opened", 5, Decimal("57.5000")),
        ("chargeback/won", 1, Decimal("11.5000")),
    ]
    assert raw("select reasons, count(*) from raw.quarantine group by 1") == [("order_id is missing", 2)]
    assert raw("select ignored_columns from raw.files where feed is null") == [
        ('["1 inquiries of disputes (no money is held)"]',)
    ]


def test_the_real_products_are_variants(tmp_path: Path) -> None:
    raw = real(tmp_path, "product.json")
    assert raw("select sku, name, category, brand from raw.products order by sku limit 1") == [
        ("IPOD2008BLACK", "IPod Nano - 8GB - Black", "Cult Products", "Apple")
    ]


def test_the_real_payout_transactions_are_the_movements_of_one_payout(tmp_path: Path) -> None:
    raw = real(tmp_path, "payouts_transactions.json")
    assert raw("select distinct payout_id, currency, provider from raw.payouts") == [
        ("623721858", "USD", "shopify_payments")
    ]
    first = "select kind, amount, fee_amount, payment_id from raw.payouts where movement_id = '1006917261'"
    assert raw(first) == [("movement/refund", Decimal("-3.4500"), Decimal("0.0000"), "1006917261")]
    # 25 transactions, one of them that of the payout itself.
    assert raw("select count(*), count(distinct kind) from raw.payouts") == [(24, 7)]
    assert raw("select ignored_columns from raw.files where feed is null") == [
        ('["1 payout transactions that are in no payout yet, or are the payout itself"]',)
    ]


def test_the_real_payouts_have_a_state_each(tmp_path: Path) -> None:
    raw = real(tmp_path, "payouts.json")
    assert raw("select movement_id, kind, amount, occurred_at::date::varchar from raw.payouts order by 1 limit 1") == [
        ("39438702/in_transit", "payout/in_transit", Decimal("43.1200"), "2019-11-01")
    ]


def test_every_real_payload_is_read_and_every_record_accounted_for(tmp_path: Path) -> None:
    for path in sorted((data_folder() / "payloads" / "shopify_api").glob("*.json")):
        given_rows = read(path)
        value = json.loads(path.read_text())
        inside = next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value
        assert accounted(given_rows, len(inside) if isinstance(inside, list) else 1), path.name


def test_an_order_adds_up_in_the_currency_the_customer_saw(tmp_path: Path) -> None:
    raw = sent(tmp_path, {"order.json": {"order": order()}})
    assert raw("select currency, shipping_amount, shipping_tax_amount, discount_code from raw.orders") == [
        ("USD", Decimal("6.0000"), Decimal("0.6000"), "SPRING")
    ]
    assert raw(
        "select sku, quantity, unit_price, discount_amount, tax_amount from raw.order_lines order by line_id"
    ) == [
        ("MUG", 2, Decimal("30.0000"), Decimal("6.0000"), Decimal("5.4000")),
        ("variant-22", 1, Decimal("11.2500"), Decimal("0.0000"), Decimal("1.1300")),
    ]
    assert worth(raw, "1001") == Decimal("78.38")


def test_one_amount_known_in_the_shops_currency_alone_keeps_the_whole_order_in_it(tmp_path: Path) -> None:
    changed = order(total_tip_received="5.00", original_total_duties_set=money("3.00"))
    raw = sent(tmp_path, {"order.json": changed})
    assert raw("select currency from raw.orders") == [("CAD",)]
    assert raw("select line_id, sku, unit_price from raw.order_lines where not requires_shipping order by 1") == [
        ("duties", "DUTIES", Decimal("3.0000")),
        ("tip", "TIP", Decimal("5.0000")),
    ]
    assert worth(raw, "1001") == Decimal("104.50") + Decimal("8.00")


def test_an_amount_that_is_none_stops_its_row_and_makes_nothing_cheaper(tmp_path: Path) -> None:
    changed = order(presentment_currency="CAD")
    changed["line_items"][0]["tax_lines"][1]["price"] = "about two"
    raw = sent(tmp_path, {"order.json": changed})
    assert raw("select sku from raw.order_lines") == [("variant-22",)]
    assert raw("select feed, reasons from raw.quarantine") == [
        ("order_lines", "tax_amount (kept in the vault) is not a number")
    ]


def test_a_refund_is_split_where_it_adds_up_and_a_cancellation_is_no_return(tmp_path: Path) -> None:
    changed = order(updated_at=LATER, refunds=[refund(), cancelled_hat()])
    changed["line_items"][0]["current_quantity"] = 1
    changed["line_items"][1]["current_quantity"] = 0
    raw = sent(tmp_path, {"order.json": changed})
    assert raw("select line_id, cancelled_quantity from raw.order_lines order by 1") == [("1", 0), ("2", 1)]
    assert raw("select return_id, line_id, status, quantity, warehouse_id from raw.returns") == [
        ("901", "1", "return", 1, "31")
    ]
    assert raw("select amount, currency, goods_amount, tax_amount, shipping_amount, return_id from raw.payments") == [
        (Decimal("36.3000"), "USD", Decimal("27.0000"), Decimal("3.3000"), Decimal("6.0000"), "901")
    ]


def listed_shipping(subtotal: tuple[str, str], tax: tuple[str, str]) -> dict[str, object]:
    return {"id": 5, "subtotal_amount_set": money(*subtotal), "tax_amount_set": money(*tax)}


def test_a_refund_of_shipping_alone_is_split_in_the_old_form_and_in_the_new_one(tmp_path: Path) -> None:
    paid = {"refund_line_items": [], "restock": False}
    moved = [transaction(id=502, kind="refund", amount="6.60", parent_id=501)]
    old = refund(**paid, transactions=moved)
    listed = [listed_shipping(("8.00", "6.00"), ("0.80", "0.60"))]
    new = refund(
        **paid, id=902, order_adjustments=[], refund_shipping_lines=listed, transactions=[{**moved[0], "id": 503}]
    )
    both = refund(**paid, id=903, refund_shipping_lines=listed, transactions=[{**moved[0], "id": 504}])
    raw = sent(tmp_path, {"order.json": order(refunds=[old, new, both])})
    split = (Decimal("6.6000"), "USD", Decimal("0.0000"), Decimal("0.6000"), Decimal("6.0000"), None)
    assert raw("select amount, currency, goods_amount, tax_amount, shipping_amount, return_id from raw.payments") == (
        [split] * 3
    )
    assert raw("select count(*) from raw.returns") == [(0,)]


def test_a_refund_that_is_paid_back_in_two_ways_has_one_split(tmp_path: Path) -> None:
    moved = [
        transaction(id=502, kind="refund", amount="10.00", gateway="gift_card", parent_id=501),
        transaction(id=503, kind="refund", amount="26.30", parent_id=501),
        transaction(id=504, kind="refund", status="failure", amount="36.30", parent_id=501),
    ]
    raw = sent(tmp_path, {"order.json": order(refunds=[refund(transactions=moved)])})
    assert raw("select payment_id, goods_amount, tax_amount, shipping_amount from raw.payments order by 1") == [
        ("502", Decimal("10.0000"), Decimal("0.0000"), Decimal("0.0000")),
        ("503", Decimal("17.0000"), Decimal("3.3000"), Decimal("6.0000")),
        ("504", None, None, None),
    ]


def test_goods_with_their_tax_inside_and_shipping_with_its_tax_on_top_are_split(tmp_path: Path) -> None:
    line = {**refund()["refund_line_items"][0], "subtotal_set": money("39.60", "29.70")}
    listed = [listed_shipping(("8.00", "6.00"), ("0.80", "0.60"))]
    mixed = refund(refund_line_items=[line], order_adjustments=[], refund_shipping_lines=listed)
    raw = sent(tmp_path, {"order.json": order(refunds=[mixed])})
    assert raw("select amount, goods_amount, tax_amount, shipping_amount from raw.payments") == [
        (Decimal("36.3000"), Decimal("27.0000"), Decimal("3.3000"), Decimal("6.0000"))
    ]


def test_units_taken_off_an_order_without_a_refund_are_cancelled_too(tmp_path: Path) -> None:
    changed = order(refunds=[refund()])
    changed["line_items"][0]["current_quantity"] = 0
    raw = sent(tmp_path, {"order.json": changed})
    # Two were ordered and none is left. One was returned, so the other was cancelled.
    assert raw("select cancelled_quantity from raw.order_lines where line_id = '1'") == [(1,)]


def test_page_webhook_and_a_later_version_repeat_events_and_conflict_in_nothing(tmp_path: Path) -> None:
    first = order(fulfillments=[fulfilment()], refunds=[refund()])
    numbered = fulfilment(updated_at=LATER, tracking_company="UPS", tracking_number="1Z9", shipment_status="in_transit")
    later = order(
        updated_at=LATER, financial_status="partially_refunded", refunds=[refund()], fulfillments=[numbered], note="x"
    )
    raw = sent(
        tmp_path,
        {
            "1_page.json": {"orders": [first]},
            "2_webhook.json": first,
            "3_later.json.gz": gzip.compress(json.dumps({"order": later}).encode()),
            "4_lines.ndjson": "\n".join(
                json.dumps(each)
                for each in (
                    {"refund": refund()},
                    {"fulfillment": fulfilment()},
                    {"transaction": transaction()},
                    {"transactions": [transaction(), transaction(id=502, kind="refund", amount="36.30")]},
                    {"customer": customer()},
                )
            ),
        },
    )
    assert raw("select count(*) from raw.quarantine") == [(0,)]
    for feed, key in {
        "payments": "payment_id",
        "shipments": "shipment_id, line_id",
        "returns": "return_id, line_id, status, occurred_at",
        "tracking": "shipment_id, status, occurred_at",
        "orders": "order_id, updated_at",
        "order_lines": "order_id, line_id, updated_at",
        "customers": "customer_id, updated_at",
    }.items():
        again = f"select {key} from raw.{feed} where not _is_duplicate group by all having count(*) > 1"  # noqa: S608
        assert raw(again) == [], feed
    assert raw("select kind, amount from raw.payments where not _is_duplicate order by kind") == [
        ("refund/success", Decimal("36.3000")),
        ("sale/success", Decimal("78.3800")),
    ]
    assert raw("select status, carrier, tracking_number from raw.tracking where not _is_duplicate") == [
        ("in_transit", "UPS", "1Z9")
    ]
    assert raw("select count(*) from raw.orders where not _is_duplicate") == [(2,)]
    wrong = "select count(*) from raw.files where rows_in <> accepted + duplicate + quarantined"
    assert raw(wrong) == [(0,)]


def test_a_source_for_payments_alone_takes_refund_transactions_as_they_are(tmp_path: Path) -> None:
    page = {"transactions": [transaction(), transaction(id=502, kind="refund", amount="36.30")]}
    raw = sent(tmp_path, {"page.json": page}, "    feed: payments\n")
    assert raw("select payment_id, kind from raw.payments order by 1") == [
        ("501", "sale/success"),
        ("502", "refund/success"),
    ]


def test_a_pending_transaction_is_no_money_until_it_has_an_outcome(tmp_path: Path) -> None:
    raw = sent(
        tmp_path,
        {"a.json": transaction(status="pending"), "b.json": transaction(), "c.json": transaction(id=9, status="odd")},
    )
    assert raw("select payment_id, kind from raw.payments order by 1") == [("501", "sale/success"), ("9", "sale/odd")]
    ((said,),) = raw("select ignored_columns from raw.files where feed is null")
    assert "1 pending transactions" in str(said)


def test_a_cancelled_fulfilment_is_a_scan_and_no_shipment(tmp_path: Path) -> None:
    raw = sent(tmp_path, {"a.json": {"fulfillments": [fulfilment(), fulfilment(id=802, status="cancelled")]}})
    assert raw("select shipment_id, line_id, quantity, sku, warehouse_id from raw.shipments") == [
        ("801", "1", 2, "MUG", "31")
    ]
    assert raw("select shipment_id, status from raw.tracking") == [("802", "cancelled")]


def test_a_guest_has_no_customer_and_terms_say_how_an_order_is_paid(tmp_path: Path) -> None:
    net = {"payment_terms_type": "net", "payment_schedules": [{"due_at": "2026-03-31T00:00:00-04:00"}]}
    raw = sent(
        tmp_path,
        {
            "page.json": [
                order(customer=None),
                order(id=2, payment_terms=net),
                order(id=3, payment_gateway_names=["Cash on Delivery (COD)"], test=True),
            ]
        },
    )
    assert raw(
        "select order_id, customer_id, payment_terms, invoice_due_at::varchar, is_test from raw.orders order by 1"
    ) == [
        ("1001", None, None, None, False),
        ("2", "77", "net", "2026-03-31 04:00:00", False),
        ("3", "77", "Cash on Delivery (COD)", None, True),
    ]


def test_levels_count_stock_only_where_a_product_in_the_file_tells_the_sku(tmp_path: Path) -> None:
    level = {"inventory_item_id": 611, "location_id": 31, "available": 7, "updated_at": PLACED}
    lines = [{"inventory_levels": [level, level | {"inventory_item_id": 999}]}, {"product": product()}]
    raw = sent(tmp_path, {"all.ndjson": "\n".join(json.dumps(each) for each in lines)})
    assert raw("select sku, warehouse_id, kind, quantity from raw.stock") == [("MUG", "31", "count", 7)]
    assert raw("select sku, is_active from raw.products order by sku") == [("MUG", True), ("variant-12", True)]
    ((said,),) = raw("select ignored_columns from raw.files where feed is null")
    assert "1 inventory levels" in str(said)


def test_what_is_nothing_of_shopifys_is_kept_with_its_line(tmp_path: Path) -> None:
    raw = sent(tmp_path, {"odd.ndjson": '{"id": 1}\n[2]\nnot json\n' + json.dumps(order())})
    assert raw("select record, reasons from raw.quarantine where record < 3 order by 1")[1] == (
        2,
        "the record is not a JSON object",
    )
    assert raw("select count(*) from raw.quarantine") == [(3,)]
    assert raw("select _record from raw.orders") == [(4,)]


def test_an_empty_page_is_known_and_not_read_again(tmp_path: Path) -> None:
    raw = sent(tmp_path, {"page.json": {"orders": []}})
    assert raw("select feed, rows_in, reason from raw.files") == [("orders", 0, "The file has no rows.")]


def test_nothing_personal_is_in_the_raw_tables(tmp_path: Path) -> None:
    raw = sent(tmp_path, {"order.json": order(refunds=[refund()])})
    for feed in ("orders", "order_lines", "customers", "returns", "payments"):
        text = str(raw(f"select * from raw.{feed}"))  # noqa: S608
        for value in ("ann@example.org", "Ann", "Main St", "chipped", "+1 617 555 0199", "6175550199"):
            assert value not in text, (feed, value)


def read(path: Path) -> list[FeedRows]:
    """Read a file with the `shopify_orders` format."""
    source = Source(name="shop", format="shopify_orders", path=[str(path)])
    return list(FORMATS["shopify_orders"].read(source, [local_file(path)]))


def accounted(rows: list[FeedRows], records: int) -> bool:
    """Return whether each of so many records gave rows, was quarantined, or is counted as ignored."""
    found: set[int] = set()
    for each in rows:
        found |= set(each.frame["_record"].to_list()) | {bad.record for bad in each.malformed}
    aside = sum(int(said.split(" ")[0]) for each in rows if each.feed is None for said in each.ignored)
    return len(found) + aside >= records


JSON_LEAVES = st.none() | st.booleans() | st.integers(-5, 10**20) | st.text(max_size=5)
NAMES = st.sampled_from(
    (
        "order",
        "orders",
        "refunds",
        "transactions",
        "id",
        "kind",
        "amount",
        "status",
        "line_items",
        "variants",
        "order_id",
    )
    + ("refund_line_items", "tracking_number", "order_number", "inventory_item_id", "location_id", "customer", "price")
)
ANY_JSON = st.recursive(
    JSON_LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(ANY_JSON)
@example({"orders": [{"id": 1, "refunds": [None, {"transactions": [None]}]}, None]})
@example({"order_number": 1, "line_items": [{"tax_lines": [{}], "discount_allocations": [None]}]})
@example([{"refund_line_items": None, "transactions": None}])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_read_or_rejected_and_every_record_accounted_for(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(value))
    try:
        rows = read(path)
    except FileRejected:
        return
    if isinstance(value, list):
        kinds = [each for each in value if not (isinstance(each, dict) and "id" not in each)]
        assert accounted(rows, len(kinds))
    assert all(isinstance(each.frame, pl.DataFrame) for each in rows)


def places(value: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths to every part of a JSON value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for name, part in parts for place in places(part, (*way, name)))]


WHOLE = order(refunds=[refund()], fulfillments=[fulfilment(tracking_numbers=["1"])], transactions=[transaction()])
OBJECTS = [WHOLE, refund(), fulfilment(), transaction(), product(), customer()]


@given(st.sampled_from(OBJECTS), st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_object_with_any_part_of_it_spoiled_is_still_accounted_for(
    tmp_path: Path, whole: Any, data: st.DataObject
) -> None:
    copy = json.loads(json.dumps(whole))
    *way, last = data.draw(st.sampled_from([place for place in places(copy) if place]))
    part = copy
    for name in way:
        part = part[name]
    part[last] = data.draw(ANY_JSON)
    path = tmp_path / "spoiled.json"
    path.write_text(json.dumps(copy))
    assert accounted(read(path), 1)
