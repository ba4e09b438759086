"""Payouts of Shopify Payments as rows of the feed of payouts: their states, and the movements of the balance in them.

A movement of a payment names the transaction of the order, which is our payment. Transactions and disputes belong in
`transactions`.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.readers.records import RECORD

__all__ = ["movements_of", "states_of"]

PROVIDER = "shopify_payments"
# The movement of the payout itself; its state tells the same.
OWN_MOVEMENT = "payout"


def states_of(payouts: pl.DataFrame) -> pl.DataFrame:
    """Return a row for the state of each payout (from the shape PAYOUT and `_record`)."""
    status = pl.col("status").str.to_lowercase()
    return payouts.select(
        RECORD,
        "amount",
        "currency",
        movement_id=pl.concat_str("id", pl.lit("/"), status),
        payout_id="id",
        kind=pl.lit("payout/") + status,
        occurred_at="date",
        arrives_at="date",
        provider=pl.lit(PROVIDER),
    )


def movements_of(movements: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return a row for each movement in a payout, and the number of those that are in none or are the payout itself."""
    kind = pl.col("type").str.to_lowercase()
    inside = movements.filter(pl.col("payout_id").is_not_null() & (kind != OWN_MOVEMENT).fill_null(True))
    rows = inside.select(
        RECORD,
        "payout_id",
        "amount",
        "currency",
        movement_id="id",
        kind=pl.lit("movement/") + kind,
        occurred_at="processed_at",
        provider=pl.lit(PROVIDER),
        payment_id="source_order_transaction_id",
        fee_amount="fee",
    )
    return rows, movements.height - rows.height
