"""Payments: one payment event per row."""

from __future__ import annotations

from orderhouse.contracts.columns import currency, identifier, instant, money, text, word
from orderhouse.contracts.contract import Contract

__all__ = ["Payments"]


class Payments(Contract):
    """Money authorised, taken, given back or disputed."""

    shape = "event"

    payment_id = identifier("The event: an authorisation and its capture are two.", key=True, required=True)
    order_id = identifier(
        "The order it is of. Where that is not known, parent_payment_id once more: then it is of that payment's order.",
        required=True,
        is_of_order=True,
    )
    kind = word("What happened to the money.", required=True)
    amount = money("Never below zero: the kind says which way it went.", required=True)
    currency = currency("Of the amounts.", required=True)
    occurred_at = instant("When it happened.", required=True)
    method = text("Means of payment: card, paypal, voucher …")
    provider = text("Who processed it.")
    fee_amount = money("What the provider kept.", signed=True)
    payout_id = identifier("The payout it was part of.")
    payout_at = instant("When that was paid out.")
    parent_payment_id = identifier("The payment that this one captures, refunds or disputes.")
    return_id = identifier("The return that a refund answers.")
    goods_amount = money("Part of a refund that is for goods.", signed=True)
    tax_amount = money("Part of a refund that is tax.", signed=True)
    shipping_amount = money("Part of a refund that is shipping.", signed=True)
