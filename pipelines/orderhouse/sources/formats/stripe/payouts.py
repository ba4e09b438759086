"""Stripe's payouts as rows of the feed of payouts: their states, and the movements of the balance that they contain.

A movement names the payment event that it belongs to, if it is the movement of a charge, refund or dispute. All other
movements (fees, adjustments, reserves, payouts that came back) are parts of the payout of their own.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.stripe.minor_units import amount_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["MOVEMENTS", "PAYOUTS", "movements_of", "states_of"]

PROVIDER = "stripe"
PAYOUTS = ("payout_id", "status", "amount", "currency", "created", "arrives_at")
MOVEMENTS = ("movement_id", "payout_id", "type", "amount", "fee", "currency", "created", "payment_id")
# The movement of the payout itself; its state tells the same.
OWN_MOVEMENT = "payout"


def states_of(payouts: pl.DataFrame) -> pl.DataFrame:
    """Return a row for the state of each payout (from the columns of PAYOUTS and `_record`).

    A payout that was paid may still fail, and each of its states is a row of its own.
    """
    status, currency = pl.col("status").str.to_lowercase(), pl.col("currency")
    return payouts.filter(pl.col("amount").is_not_null()).select(
        RECORD,
        "payout_id",
        "arrives_at",
        movement_id=pl.concat_str("payout_id", pl.lit("/"), status),
        kind=pl.lit("payout/") + status,
        amount=amount_of(pl.col("amount"), currency),
        currency=currency.str.to_uppercase(),
        occurred_at="created",
        provider=pl.lit(PROVIDER),
    )


def movements_of(movements: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each movement that a payout contains (from the columns of MOVEMENTS and `_record`)."""
    kind, currency = pl.col("type").fill_null("unknown"), pl.col("currency")
    inside = movements.filter(pl.col("payout_id").is_not_null() & (kind != OWN_MOVEMENT))
    return inside.select(
        RECORD,
        "movement_id",
        "payout_id",
        "payment_id",
        kind=pl.lit("movement/") + kind,
        amount=amount_of(pl.col("amount"), currency),
        currency=currency.str.to_uppercase(),
        occurred_at="created",
        provider=pl.lit(PROVIDER),
        fee_amount=amount_of(pl.col("fee"), currency),
    )
