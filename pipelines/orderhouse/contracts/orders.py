"""Orders: one version of an order per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, country, currency, identifier, instant, money, personal, text, word
from orderhouse.contracts.contract import Contract

__all__ = ["Orders"]


class Orders(Contract):
    """An order as its source sees it at `updated_at`."""

    shape = "versioned"

    order_id = identifier("Merchant-wide unique order number.", key=True, required=True, is_of_order=True)
    placed_at = instant("When the customer placed it; the earliest version counts.", required=True)
    updated_at = instant("Version clock.", required=True)
    currency = currency("Of every amount of this order.", required=True)
    channel = text("Where it was placed: web, app, store, marketplace, b2b …")
    order_type = word("What kind of order it is; default sale.")
    original_order_id = identifier("What an exchange or replacement replaces.", is_of_order=True)
    legal_entity = text("The company that sold.")
    customer_id = identifier("The customer; empty for a guest.")
    email = personal("The customer's e-mail address.", kind="email")
    phone = personal("The customer's telephone number.", kind="phone")
    ship_name = personal("Whom it is sent to.", kind="name")
    ship_street = personal("Street and number it is sent to.", kind="street")
    ship_city = text("City it is sent to.")
    ship_region = text("Region it is sent to.")
    ship_postcode = text("Postcode it is sent to.")
    ship_country = country("Country it is sent to.")
    shipping_amount = money("Shipping charged to the customer; default 0.")
    shipping_tax_amount = money("Tax on shipping; default 0.")
    prices_include_tax = boolean("Unit prices are gross of tax; default false.")
    discount_code = text("The code the customer entered.")
    payment_terms = word("When it is paid; default prepaid.")
    invoice_due_at = instant("When an invoice is due.")
    promised_at = instant("Delivery promise; the first one is kept.")
    promise_is_date_only = boolean("The promise is a day, not a moment; default false.")
    is_cancelled = boolean("The whole order is cancelled; default false.")
    cancelled_at = instant("When it was; may be unknown.")
    cancel_reason = text("Why it was.")
    is_test = boolean("A test order: stored, and left out of every mart.")
