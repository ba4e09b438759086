"""Shapes of the parts of Shopify's objects that are read, with their nesting. All other parts are ignored."""

from __future__ import annotations

import polars as pl

from orderhouse.sources.readers.json_objects import Shape, leaves, many, one

__all__ = [
    *("CUSTOMER", "DISPUTE", "EVENT", "FULFILLMENT", "LEVEL", "MOVEMENT", "ORDER", "PAYOUT", "PRODUCT", "REFUND"),
    "TRANSACTION",
]

MONEY = one("amount", "currency_code")
MONEY_SET = one(shop_money=MONEY, presentment_money=MONEY)
TAX_LINES = many("price", price_set=MONEY_SET)
ALLOCATIONS = many("amount", amount_set=MONEY_SET)
ADDRESS = one("name", "address1", "address2", "city", "province", "province_code", "zip", "country_code", "phone")
ITEM = leaves("id", "sku", "variant_id", "product_id", "quantity")

CUSTOMER: Shape = {
    **leaves("id", "created_at", "updated_at", "email", "phone", "first_name", "last_name", "accepts_marketing"),
    "email_marketing_consent": one("state"),
    "default_address": ADDRESS,
}
TRANSACTION: Shape = {
    **leaves("id", "order_id", "parent_id", "kind", "status", "amount", "currency", "gateway"),
    **leaves("created_at", "processed_at"),
    "payment_details": one("credit_card_company"),
}
REFUND: Shape = {
    **leaves("id", "order_id", "created_at", "processed_at", "note", "restock"),
    "refund_line_items": many(
        *("line_item_id", "quantity", "restock_type", "location_id", "subtotal", "total_tax"),
        subtotal_set=MONEY_SET,
        total_tax_set=MONEY_SET,
        line_item=pl.Struct(ITEM),
    ),
    "order_adjustments": many("kind", "amount", "tax_amount", amount_set=MONEY_SET, tax_amount_set=MONEY_SET),
    "refund_shipping_lines": many("id", subtotal_amount_set=MONEY_SET, tax_amount_set=MONEY_SET),
    "transactions": pl.List(pl.Struct(dict(TRANSACTION))),
}
FULFILLMENT: Shape = {
    **leaves("id", "order_id", "status", "created_at", "updated_at", "location_id", "service", "shipment_status"),
    **leaves("tracking_company", "tracking_number"),
    "tracking_numbers": many(),
    "line_items": pl.List(pl.Struct(ITEM)),
}
ORDER: Shape = {
    **leaves("id", "created_at", "processed_at", "updated_at", "currency", "presentment_currency", "source_name"),
    **leaves("email", "contact_email", "phone", "taxes_included", "cancelled_at", "cancel_reason", "test"),
    **leaves("total_tip_received", "total_tax"),
    "total_tax_set": MONEY_SET,
    "total_shipping_price_set": MONEY_SET,
    "original_total_duties_set": MONEY_SET,
    "original_total_additional_fees_set": MONEY_SET,
    "payment_gateway_names": many(),
    "payment_terms": one("payment_terms_type", payment_schedules=many("due_at")),
    "discount_codes": many("code"),
    "shipping_address": ADDRESS,
    "customer": pl.Struct(dict(CUSTOMER)),
    "line_items": pl.List(
        pl.Struct(
            {
                **ITEM,
                **leaves("current_quantity", "price", "total_discount", "gift_card", "requires_shipping"),
                "price_set": MONEY_SET,
                "total_discount_set": MONEY_SET,
                "discount_allocations": ALLOCATIONS,
                "tax_lines": TAX_LINES,
                "tip": one("payment_gateway"),
            }
        )
    ),
    "shipping_lines": many(
        *("price", "discounted_price", "is_removed"),
        price_set=MONEY_SET,
        discounted_price_set=MONEY_SET,
        discount_allocations=ALLOCATIONS,
        tax_lines=TAX_LINES,
    ),
    "fulfillments": pl.List(pl.Struct(dict(FULFILLMENT))),
    "refunds": pl.List(pl.Struct(dict(REFUND))),
    "transactions": pl.List(pl.Struct(dict(TRANSACTION))),
}
PRODUCT: Shape = {
    **leaves("id", "title", "product_type", "vendor", "status", "updated_at"),
    "variants": many("id", "sku", "title", "requires_shipping", "inventory_item_id"),
}
LEVEL: Shape = leaves("inventory_item_id", "location_id", "available", "updated_at", "sku")
EVENT: Shape = {
    **leaves("id", "fulfillment_id", "status", "happened_at", "created_at", "message", "estimated_delivery_at"),
    **leaves("city", "province", "country"),
}
PAYOUT: Shape = leaves("id", "status", "date", "amount", "currency")
MOVEMENT: Shape = leaves(
    *("id", "type", "payout_id", "currency", "amount", "fee", "source_order_transaction_id", "processed_at")
)
DISPUTE: Shape = leaves(
    *("id", "order_id", "type", "status", "amount", "currency", "initiated_at", "evidence_sent_on", "finalized_on")
)
