"""Feed records of orders, order lines and payments.

Every function returns the records of one feed that happened after `since` and not after `until`, in contract columns,
with the instant of their publication in `_at` (seconds). The writing of files belongs in `files`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import decimals
from orderhouse.simulate.calendar import DAY, HOUR
from orderhouse.simulate.catalogue import CHANNELS, COUNTRIES, GOODS, STREETS, WAREHOUSES, Catalogue, names
from orderhouse.simulate.columns import currency, instants, numbered, order_ids, sent, sku, where, words
from orderhouse.simulate.fulfilment import REASONS
from orderhouse.simulate.life import Lives
from orderhouse.simulate.orders import DISCOUNT_CODES, INVOICE, NO_CODE
from orderhouse.simulate.owing import invoice_due_at
from orderhouse.simulate.payment_book import KINDS, METHODS, PROVIDERS

_TERMS = ("prepaid", "on_delivery", "invoice")


_TYPES = ("sale", "exchange", "replacement", "sample")


def orders_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return one row per version: placed, promise moved, cancelled."""
    orders, handling, draws = lives.orders, lives.fulfilment.handling, catalogue.draws
    every = np.arange(len(orders), dtype=np.int64)
    position = np.tile(every, 3)
    version_at = np.concatenate([orders.placed_at, handling.moved_at, handling.cancelled_at])
    chosen = sent(version_at, catalogue.calendar)
    at, position = version_at[chosen], position[chosen]
    moved = handling.moved_at[position] <= at
    cancelled = handling.cancelled_at[position] <= at
    person, country = orders.person[position], orders.country[position]
    code, order_type = orders.code[position], orders.order_type[position]
    promise = np.where(moved, handling.moved_promise[position], orders.promised_at[position])
    street = words(STREETS, person % len(STREETS)) + " " + pl.Series(person % 180 + 1).cast(pl.String)
    postcode = pl.Series(10_000 + person * 7919 % 89_999).cast(pl.String)
    return pl.DataFrame(
        {
            "order_id": order_ids(orders, position),
            "placed_at": instants(orders.placed_at[position]),
            "updated_at": instants(at),
            "currency": currency(orders, position),
            "channel": words(CHANNELS, orders.channel[position]),
            "order_type": words(_TYPES, order_type),
            "original_order_id": where(numbered("OH-", orders.original[position]), orders.original[position] >= 0),
            "legal_entity": words(("Simulated GmbH", "Simulated Inc"), (country == 7).astype(np.int64)),
            "customer_id": where(numbered("C-", person, 8), ~orders.is_guest[position]),
            "email": numbered("customer", person, 1) + "@example.com",
            "phone": where(numbered("+4930", person, 8), draws.chance(person, "phone", 0.6)),
            "ship_name": names(person),
            "ship_street": street,
            "ship_city": words(tuple(entry.city for entry in COUNTRIES), country),
            "ship_region": words(tuple(entry.region for entry in COUNTRIES), country),
            "ship_postcode": postcode,
            "ship_country": words(tuple(entry.code for entry in COUNTRIES), country),
            "shipping_amount": decimals(orders.shipping[position]),
            "shipping_tax_amount": decimals(orders.shipping_tax[position]),
            "prices_include_tax": pl.Series(orders.prices_include_tax[position]),
            "discount_code": words(DISCOUNT_CODES, np.minimum(code, 2), code != NO_CODE),
            "payment_terms": words(_TERMS, orders.terms[position]),
            "invoice_due_at": instants(invoice_due_at(orders)[position], orders.terms[position] == INVOICE),
            "promised_at": instants(promise),
            "promise_is_date_only": pl.Series(orders.promise_is_date[position]),
            "is_cancelled": pl.Series(cancelled),
            "cancelled_at": instants(
                handling.cancelled_at[position], cancelled & ~handling.hides_cancel_time[position]
            ),
            "cancel_reason": words(REASONS, handling.cancel_reason[position], cancelled),
            "is_test": pl.Series(orders.is_test[position]),
            "_at": at,
        }
    )


def order_lines_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return one row per version: as placed, and with units cancelled."""
    orders, lines = lives.orders, lives.lines
    position = np.tile(np.arange(len(lines), dtype=np.int64), 2)
    version_at = np.concatenate([orders.placed_at[lines.order], lives.fulfilment.line_cancelled_at])
    chosen = sent(version_at, catalogue.calendar)
    at, position = version_at[chosen], position[chosen]
    cancelled = np.where(chosen >= len(lines), lives.fulfilment.line_cancelled[position], 0)
    return pl.DataFrame(
        {
            "order_id": order_ids(orders, lines.order[position]),
            "line_id": pl.Series(lines.line[position]).cast(pl.String),
            "updated_at": instants(at),
            "sku": sku(lines.product[position]),
            "quantity": lines.quantity[position],
            "unit_price": decimals(lines.unit_price[position]),
            "discount_amount": decimals(lines.discount[position]),
            "tax_amount": decimals(lines.tax[position]),
            "cancelled_quantity": cancelled,
            "warehouse_id": words(WAREHOUSES, lines.warehouse[position], lines.names_warehouse[position]),
            "is_gift_card": pl.Series(lines.kind[position] == 2),
            "requires_shipping": pl.Series(lines.kind[position] == GOODS),
            "_at": at,
        }
    )


def payments_feed(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return one row per payment event, with the payout that contains it two days later."""
    orders, payments = lives.orders, lives.payments
    chosen = sent(payments.occurred_at, catalogue.calendar)
    order, at = payments.order[chosen], payments.occurred_at[chosen]
    method, kind = lives.method[order], payments.kind[chosen]
    base = "P-" + pl.Series(orders.number[order]).cast(pl.String).str.zfill(9) + "-"
    parent, split = payments.parent[chosen], payments.is_split[chosen]
    settles = (method < 3) & np.isin(kind, [1, 4, 5, 6, 7])
    payout_day = (at // DAY + 2) * DAY + 8 * HOUR
    payout_at = instants(payout_day, settles)
    provider, currencies = words(PROVIDERS, method), currency(orders, order)
    payout_id = "PO-" + provider + "-" + currencies + "-" + payout_at.dt.strftime("%Y%m%d")
    return pl.DataFrame(
        {
            "payment_id": base + pl.Series(payments.slot[chosen]).cast(pl.String),
            "order_id": order_ids(orders, order),
            "kind": words(KINDS, kind),
            "amount": decimals(payments.amount[chosen]),
            "currency": currencies,
            "occurred_at": instants(at),
            "method": words(METHODS, method),
            "provider": provider,
            "fee_amount": decimals(payments.fee[chosen]),
            "payout_id": payout_id,
            "payout_at": payout_at,
            "parent_payment_id": where(base + pl.Series(parent).cast(pl.String), parent >= 0),
            "return_id": where(numbered("R-", orders.number[order]), payments.for_return[chosen]),
            "goods_amount": decimals(payments.goods[chosen], split),
            "tax_amount": decimals(payments.tax[chosen], split),
            "shipping_amount": decimals(np.zeros(len(order), dtype=np.int64), split),
            "_at": at,
        }
    )
