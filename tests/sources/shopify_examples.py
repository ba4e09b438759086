"""Made-up Shopify objects as its API sends them today, for what the real payloads lack. Every amount adds up by hand.

`order()` is worth 2 × 40.00 − 8.00 + 15.00 = 87.00 of goods, 8.70 tax, 10.00 − 2.00 shipping with 0.80 tax: 104.50 CAD.
The customer, in the United States, saw it in USD at 0.75: 65.25 + 6.53 + 6.00 + 0.60 = 78.38 USD.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PLACED = "2026-03-01T10:00:00-05:00"


def money(shop: str, presentment: str | None = None) -> Json:
    """Return an amount in both currencies."""
    both = {"shop_money": {"amount": shop, "currency_code": "CAD"}}
    if presentment is not None:
        both["presentment_money"] = {"amount": presentment, "currency_code": "USD"}
    return both


def order(**changes: Any) -> Json:
    """Return an order with all fields that an order has."""
    return {
        "id": 1001,
        "name": "#1001",
        "order_number": 1001,
        "created_at": PLACED,
        "processed_at": PLACED,
        "updated_at": PLACED,
        "currency": "CAD",
        "presentment_currency": "USD",
        "source_name": "web",
        "email": "ann@example.org",
        "phone": None,
        "test": False,
        "taxes_included": False,
        "cancelled_at": None,
        "cancel_reason": None,
        "financial_status": "paid",
        "total_price": "104.50",
        "total_price_set": money("104.50", "78.38"),
        "total_tax": "9.50",
        "total_tip_received": "0.00",
        "payment_gateway_names": ["shopify_payments"],
        "payment_terms": None,
        "discount_codes": [{"code": "SPRING", "amount": "8.00", "type": "percentage"}],
        "customer": customer(),
        "shipping_address": {
            "name": "Ann Ell",
            "address1": "1 Main St",
            "address2": "Apt 2",
            "city": "Boston",
            "province": "Massachusetts",
            "province_code": "MA",
            "zip": "02101",
            "country_code": "US",
        },
        "line_items": [
            {
                "id": 1,
                "sku": "MUG",
                "variant_id": 11,
                "product_id": 111,
                "title": "Mug",
                "quantity": 2,
                "current_quantity": 2,
                "price": "40.00",
                "price_set": money("40.00", "30.00"),
                "total_discount": "0.00",
                "gift_card": False,
                "requires_shipping": True,
                "discount_allocations": [{"amount": "8.00", "amount_set": money("8.00", "6.00")}],
                "tax_lines": [
                    {"title": "A", "price": "5.00", "price_set": money("5.00", "3.75")},
                    {"title": "B", "price": "2.20", "price_set": money("2.20", "1.65")},
                ],
            },
            {
                "id": 2,
                "sku": "",
                "variant_id": 22,
                "product_id": 222,
                "title": "Hat",
                "quantity": 1,
                "current_quantity": 1,
                "price": "15.00",
                "price_set": money("15.00", "11.25"),
                "total_discount": "0.00",
                "gift_card": False,
                "requires_shipping": True,
                "discount_allocations": [],
                "tax_lines": [{"title": "A", "price": "1.50", "price_set": money("1.50", "1.13")}],
            },
        ],
        "shipping_lines": [
            {
                "id": 5,
                "title": "Post",
                "price": "10.00",
                "price_set": money("10.00", "7.50"),
                "discounted_price": "8.00",
                "discounted_price_set": money("8.00", "6.00"),
                "discount_allocations": [{"amount": "2.00", "amount_set": money("2.00", "1.50")}],
                "tax_lines": [{"title": "A", "price": "0.80", "price_set": money("0.80", "0.60")}],
            }
        ],
        "fulfillments": [],
        "refunds": [],
    } | changes


def customer(**changes: Any) -> Json:
    """Return a customer who accepts marketing."""
    return {
        "id": 77,
        "email": "ann@example.org",
        "first_name": "Ann",
        "last_name": "Ell",
        "created_at": "2026-01-01T00:00:00-05:00",
        "updated_at": PLACED,
        "orders_count": 1,
        "phone": None,
        "email_marketing_consent": {"state": "subscribed"},
        "default_address": {"city": "Boston", "province_code": "MA", "country_code": "US", "phone": "+1 617 555 0199"},
    } | changes


def transaction(**changes: Any) -> Json:
    """Return the payment of the order, in the currency that the customer saw."""
    return {
        "id": 501,
        "order_id": 1001,
        "kind": "sale",
        "status": "success",
        "amount": "78.38",
        "currency": "USD",
        "gateway": "shopify_payments",
        "created_at": "2026-03-01T10:00:05-05:00",
        "processed_at": "2026-03-01T10:00:05-05:00",
        "parent_id": None,
        "payment_details": {"credit_card_company": "Visa"},
    } | changes


def refund(**changes: Any) -> Json:
    """Return one mug (30.00 − 3.00 + 2.70 tax) and the shipping (6.00 + 0.60 tax), refunded: 36.30 USD."""
    return {
        "id": 901,
        "order_id": 1001,
        "created_at": "2026-03-20T09:00:00-04:00",
        "processed_at": "2026-03-20T09:00:00-04:00",
        "note": "chipped",
        "refund_line_items": [
            {
                "id": 1,
                "line_item_id": 1,
                "quantity": 1,
                "restock_type": "return",
                "location_id": 31,
                "subtotal": "36.00",
                "subtotal_set": money("36.00", "27.00"),
                "total_tax": "3.60",
                "total_tax_set": money("3.60", "2.70"),
                "line_item": {"id": 1, "sku": "MUG", "variant_id": 11, "product_id": 111, "quantity": 2},
            }
        ],
        "order_adjustments": [
            {
                "id": 2,
                "kind": "shipping_refund",
                "amount": "-8.00",
                "amount_set": money("-8.00", "-6.00"),
                "tax_amount": "-0.80",
                "tax_amount_set": money("-0.80", "-0.60"),
            }
        ],
        "transactions": [transaction(id=502, kind="refund", amount="36.30", parent_id=501)],
    } | changes


def cancelled_hat() -> Json:
    """Return a refund that takes the hat off the order before it is shipped, without money."""
    line = {"id": 3, "line_item_id": 2, "quantity": 1, "restock_type": "cancel", "line_item": {"id": 2, "sku": ""}}
    return refund(id=900, refund_line_items=[line], order_adjustments=[], transactions=[])


def fulfilment(**changes: Any) -> Json:
    """Return the fulfilment of the mugs, at first without a tracking number."""
    return {
        "id": 801,
        "order_id": 1001,
        "status": "success",
        "created_at": "2026-03-02T08:00:00-05:00",
        "updated_at": "2026-03-02T08:00:00-05:00",
        "location_id": 31,
        "service": "manual",
        "shipment_status": None,
        "tracking_company": None,
        "tracking_number": None,
        "tracking_numbers": [],
        "line_items": [{"id": 1, "sku": "MUG", "variant_id": 11, "product_id": 111, "quantity": 2}],
    } | changes


def product(**changes: Any) -> Json:
    """Return a product of one variant with a SKU and one without."""
    return {
        "id": 111,
        "title": "Mug",
        "product_type": "Kitchen",
        "vendor": "Potter",
        "status": "active",
        "handle": "mug",
        "updated_at": "2026-02-01T00:00:00-05:00",
        "variants": [
            {"id": 11, "sku": "MUG", "title": "Default Title", "requires_shipping": True, "inventory_item_id": 611},
            {"id": 12, "sku": None, "title": "Blue", "requires_shipping": True, "inventory_item_id": 612},
        ],
    } | changes
