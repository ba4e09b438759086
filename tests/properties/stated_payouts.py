"""Payouts of a simulated world, as its providers would state them.

The simulator writes payments that name their payout and no feed `payouts`. This module derives that feed from them.
"""

from __future__ import annotations

import polars as pl

__all__ = ["stated_payouts"]

SIGNS = {"captured": 1, "refunded": -1, "disputed": -1, "dispute_won": 1, "dispute_lost": 0}
AMOUNT = pl.Decimal(18, 2)
ADJUSTMENT = "-1.23"


def stated_payouts(payments: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the feed `payouts`, all columns text: movements of payments, adjustments and paid payouts.

    Every payout has an adjustment that no payment explains.
    """
    paid_out = payments.filter(pl.col("payout_id").is_not_null() & pl.col("kind").is_in(list(SIGNS))).unique(
        "payment_id", keep="first", maintain_order=True
    )
    sign = pl.col("kind").replace_strict(SIGNS, return_dtype=pl.Int64)
    movements = paid_out.select(
        (pl.lit("M-") + pl.col("payment_id")).alias("movement_id"),
        "payout_id",
        pl.lit("payment").alias("kind"),
        (pl.col("amount").cast(AMOUNT) * sign).cast(AMOUNT).alias("amount"),
        "currency",
        "occurred_at",
        pl.lit(None, pl.String).alias("arrives_at"),
        "provider",
        "payment_id",
        pl.col("fee_amount").cast(AMOUNT).fill_null(0),
    )
    states = paid_out.group_by("payout_id", maintain_order=True).agg(
        pl.col("currency").first(), pl.col("payout_at").first(), pl.col("provider").first()
    )
    sums = movements.group_by("payout_id").agg(
        (pl.col("amount").sum() - pl.col("fee_amount").sum() + pl.lit(ADJUSTMENT).cast(AMOUNT))
        .cast(AMOUNT)
        .alias("amount")
    )
    adjustments = states.select(
        (pl.lit("A-") + pl.col("payout_id")).alias("movement_id"),
        "payout_id",
        pl.lit("adjustment").alias("kind"),
        pl.lit(ADJUSTMENT).cast(AMOUNT).alias("amount"),
        "currency",
        pl.col("payout_at").alias("occurred_at"),
        pl.lit(None, pl.String).alias("arrives_at"),
        "provider",
        pl.lit(None, pl.String).alias("payment_id"),
        pl.lit("0").cast(AMOUNT).alias("fee_amount"),
    )
    paid = states.join(sums, on="payout_id", how="left").select(
        pl.col("payout_id").alias("movement_id"),
        "payout_id",
        pl.lit("paid").alias("kind"),
        "amount",
        "currency",
        pl.col("payout_at").alias("occurred_at"),
        pl.col("payout_at").alias("arrives_at"),
        "provider",
        pl.lit(None, pl.String).alias("payment_id"),
        pl.lit("0").cast(AMOUNT).alias("fee_amount"),
    )
    return pl.concat([movements, adjustments, paid]).cast(pl.String)
