"""Carts: one thing that happened to a SKU in a cart per row."""

from __future__ import annotations

from orderhouse.contracts.columns import identifier, instant, text, units, word
from orderhouse.contracts.contract import Contract

__all__ = ["Carts"]


class Carts(Contract):
    """A SKU put into a cart, taken out, left behind or bought."""

    shape = "event"

    cart_id = identifier("The cart.", key=True, required=True)
    sku = text("What was put in or taken out.", key=True, required=True)
    status = word("What happened to it.", key=True, required=True)
    occurred_at = instant("When it happened.", key=True, required=True)
    customer_id = identifier("Whose cart, if known.")
    quantity = units("Units.")
    order_id = identifier("What the cart became.", is_of_order=True)
    campaign = text("The campaign that brought the visitor.")
