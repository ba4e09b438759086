"""Orders: one version of an order per row."""

from __future__ import annotations

from orderhouse.contracts.columns import (
    boolean,
    country,
    currency,
    identifier,
    instant,
    money,
    personal,
    promise,
    text,
    word,
)
from orderhouse.contracts.contract import Contract

__all__ = ["Orders"]


class Orders(Contract):
    """An order, as its source describes it at `updated_at`."""

    shape = "versioned"

    order_id = identifier("Merchant-wide unique order number.", key=True, required=True, is_of_order=True)
    placed_at = instant("The instant of placing; the earliest version counts.", required=True)
    updated_at = instant("Version clock.", required=True)
    currency = currency("Of every amount of this order.", required=True)
    channel = text("The sales channel: web, app, store, marketplace, b2b …")
    order_type = word("The kind of order; default sale.")
    original_order_id = identifier("The order that an exchange or replacement replaces.", is_of_order=True)
    legal_entity = text("The company that sold.")
    customer_id = identifier("The customer; empty for a guest.")
    email = personal("The customer's e-mail address.", kind="email")
    phone = personal("The customer's telephone number.", kind="phone")
    ship_name = personal("The recipient.", kind="name")
    ship_street = personal("Street and number of the recipient.", kind="street")
    ship_city = text("City of the recipient.")
    ship_region = text("Region of the recipient.")
    ship_postcode = text("Postcode of the recipient.")
    ship_country = country("Country of the recipient.")
    shipping_amount = money("Shipping charged to the customer; default 0.")
    shipping_tax_amount = money("Tax on shipping; default 0.")
    prices_include_tax = boolean("Unit prices are gross of tax; default false.")
    discount_code = text("The code the customer entered.")
    payment_terms = word("The terms of payment; default prepaid.")
    invoice_due_at = instant("The due date of the invoice, as an instant.")
    promised_at = promise("Delivery promise; the first one is kept as well.", days="promise_is_date_only")
    promise_is_date_only = boolean("The promise is a day, as written; default true for a date without time of day.")
    is_cancelled = boolean("The whole order is cancelled; default false.")
    cancelled_at = instant("The instant of cancellation; may be unknown.")
    cancel_reason = text("The reason of cancellation.")
    is_held_back = boolean("The source holds the order back. It confirms hold and release, and changes no status.")
    is_test = boolean("A test order: stored, and left out of every mart.")
