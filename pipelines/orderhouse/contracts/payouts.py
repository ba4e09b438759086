"""Payouts: what a payment provider states about its payouts, one statement or movement per row."""

from __future__ import annotations

from orderhouse.contracts.columns import currency, identifier, instant, money, text, word
from orderhouse.contracts.contract import Contract

__all__ = ["Payouts"]


class Payouts(Contract):
    """A payout as the provider states it, or a movement of its balance that the payout contains."""

    shape = "event"

    movement_id = identifier(
        "The movement; a payout and each of its states are rows of their own.", key=True, required=True
    )
    payout_id = identifier("The payout.", required=True)
    kind = word(
        "A state of the payout (pending, in_transit, paid, failed, cancelled), or the kind of a movement in it.",
        required=True,
    )
    amount = money(
        "Of a state: the amount of the payout, below zero where the provider takes it. Of a movement: its change of "
        "the balance before its fee.",
        required=True,
        signed=True,
    )
    currency = currency("Of the amounts.", required=True)
    occurred_at = instant("The instant of the movement; of a state, of the payout's creation.", required=True)
    arrives_at = instant("Of a state: the instant at which the money arrives, as the provider states it.")
    provider = text("The payment provider.")
    payment_id = identifier("The payment event that the movement belongs to; that event then explains it.")
    fee_amount = money("The provider's fee on the movement, which reduces the balance.", signed=True)
