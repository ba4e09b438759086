"""The feed `payouts`: what the providers of a simulated world state about their payouts.

A payout has a movement for each of its payments. Those of every fourth day also have an adjustment that no payment
explains. A payout is paid on its day, and pending if that is after the end of the world. Payments belong in
`order_feeds`.
"""

from __future__ import annotations

import polars as pl

from orderhouse.simulate.calendar import Calendar

__all__ = ["payouts_feed"]

# What a payment event moves in a payout, by its sign. A lost dispute moves nothing: the disputed amount left before.
SIGNS = {"captured": 1, "refunded": -1, "disputed": -1, "dispute_won": 1, "dispute_lost": 0}
EVERY, ADJUSTMENT = 4, "-1.23"
AMOUNT = pl.Decimal(18, 2)


def payouts_feed(payments: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """Return movements, adjustments and states of the payouts that the rows of the feed `payments` name."""
    paid = payments.filter(pl.col("payout_id").is_not_null())
    sign = pl.col("kind").replace_strict(SIGNS, default=0, return_dtype=pl.Int64)
    movements = paid.select(
        ("M-" + pl.col("payment_id")).alias("movement_id"),
        "payout_id",
        pl.lit("payment").alias("kind"),
        (pl.col("amount") * sign).cast(AMOUNT).alias("amount"),
        "currency",
        "occurred_at",
        pl.lit(None, pl.Datetime("us", "UTC")).alias("arrives_at"),
        "provider",
        "payment_id",
        pl.col("fee_amount").fill_null(0).cast(AMOUNT),
        "_at",
    )
    payouts = paid.group_by("payout_id", maintain_order=True).agg(
        pl.col("currency", "provider", "payout_at").first(),
        last_at=pl.col("occurred_at").max(),
        _at=pl.col("_at").max(),
    )
    day = pl.col("payout_at").dt.epoch("s")
    payouts = payouts.with_columns(
        is_paid=day <= calendar.until,
        is_adjusted=(day <= calendar.until) & ((day // 86_400) % EVERY == 0),
    )
    own = {
        "payment_id": pl.lit(None, pl.String),
        "fee_amount": pl.lit("0").cast(AMOUNT),
        "occurred_at": pl.when("is_paid").then("payout_at").otherwise("last_at"),
        "_at": pl.when("is_paid").then(day).otherwise("_at"),
    }
    adjustments = payouts.filter("is_adjusted").select(
        ("A-" + pl.col("payout_id")).alias("movement_id"),
        "payout_id",
        pl.lit("adjustment").alias("kind"),
        pl.when(pl.col("currency") == "JPY")
        .then(pl.lit("-1"))
        .otherwise(pl.lit(ADJUSTMENT))
        .cast(AMOUNT)
        .alias("amount"),
        "currency",
        own["occurred_at"].alias("occurred_at"),
        pl.lit(None, pl.Datetime("us", "UTC")).alias("arrives_at"),
        "provider",
        own["payment_id"].alias("payment_id"),
        own["fee_amount"].alias("fee_amount"),
        own["_at"].alias("_at"),
    )
    sums = (
        pl.concat([movements, adjustments])
        .group_by("payout_id")
        .agg((pl.col("amount").sum() - pl.col("fee_amount").sum()).cast(AMOUNT).alias("amount"))
    )
    states = payouts.join(sums, on="payout_id", how="left", maintain_order="left").select(
        ("S-" + pl.col("payout_id")).alias("movement_id"),
        "payout_id",
        pl.when("is_paid").then(pl.lit("paid")).otherwise(pl.lit("pending")).alias("kind"),
        "amount",
        "currency",
        own["occurred_at"].alias("occurred_at"),
        pl.col("payout_at").alias("arrives_at"),
        "provider",
        own["payment_id"].alias("payment_id"),
        own["fee_amount"].alias("fee_amount"),
        own["_at"].alias("_at"),
    )
    return pl.concat([movements, adjustments, states])
