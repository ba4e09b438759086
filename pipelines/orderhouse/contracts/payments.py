"""Payments: one payment event per row."""

from __future__ import annotations

from orderhouse.contracts.columns import currency, identifier, instant, money, text, word
from orderhouse.contracts.contract import Contract

__all__ = ["Payments"]


class Payments(Contract):
    """A payment event: money authorised, captured, refunded or disputed."""

    shape = "event"

    payment_id = identifier(
        "The event: an authorisation and its capture are two events. A refund that is reported failed under its own id "
        "took no money.",
        key=True,
        required=True,
    )
    order_id = identifier(
        "The order paid. If it is not known, repeat parent_payment_id: the order of that payment then counts.",
        required=True,
        is_of_order=True,
    )
    kind = word("The kind of event.", required=True)
    amount = money("Never below zero: the kind gives the direction.", required=True)
    currency = currency("Of the amounts.", required=True)
    occurred_at = instant("The instant of the event.", required=True)
    method = text("Means of payment: card, paypal, voucher …")
    provider = text("The payment provider.")
    fee_amount = money("The provider's fee.", signed=True)
    payout_id = identifier("The payout it was part of.")
    payout_at = instant("The instant of the payout.")
    parent_payment_id = identifier("The payment that this one captures, refunds or disputes.")
    return_id = identifier("The return that is refunded.")
    goods_amount = money("Part of a refund that is for goods.", signed=True)
    tax_amount = money("Part of a refund that is tax.", signed=True)
    shipping_amount = money("Part of a refund that is shipping.", signed=True)
