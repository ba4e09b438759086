"""Carts: events of SKUs in carts, one event of one SKU per row."""

from __future__ import annotations

from orderhouse.contracts.columns import identifier, instant, text, units, word
from orderhouse.contracts.contract import Contract

__all__ = ["Carts"]


class Carts(Contract):
    """A SKU put into a cart, taken out, abandoned or bought."""

    shape = "event"

    cart_id = identifier("The cart.", key=True, required=True)
    sku = text("The SKU put in or taken out.", key=True, required=True)
    status = word("The event.", key=True, required=True)
    occurred_at = instant("The instant of the event.", key=True, required=True)
    customer_id = identifier("The customer, if known.")
    quantity = units("Units.")
    order_id = identifier("The order that the cart became.", is_of_order=True)
    campaign = text("The campaign that brought the visitor.")
