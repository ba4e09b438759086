"""Sums of the parts of payouts, as the models of payouts define them, worked out from the rows of a format."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

import polars as pl

from tests.integration.running import PROJECT

__all__ = ["meanings", "parts_of_payout"]

STATES = ("pending", "in_transit", "paid", "failed", "cancelled")
SIGNS = {"captured": 1, "refunded": -1, "disputed": -1, "dispute_won": 1, "authorized": 0, "failed": 0, "voided": 0}
Payout = tuple[str, str]


def meanings(format_name: str, feed: str) -> dict[str, str]:
    """Return our kind by word of a format, from the vocabulary."""
    words = pl.read_csv(PROJECT / "dbt_project" / "seeds" / "format_vocabulary.csv")
    ours = words.filter(
        (pl.col("format") == format_name) & (pl.col("feed") == feed) & (pl.col("column_name") == "kind")
    )
    return dict(ours.select("word", "meaning").iter_rows())


def parts_of_payout(
    payments: pl.DataFrame, payouts: pl.DataFrame, format_name: str
) -> tuple[dict[Payout, Decimal], dict[Payout, dict[str, Decimal]]]:
    """Return the stated amounts of payouts, and by kind what their parts change the balance by, less fees.

    A movement whose payment names the same payout in the same currency is explained by that payment.
    """
    kinds, moves = meanings(format_name, "payments"), meanings(format_name, "payouts")
    stated: dict[Payout, Decimal] = {}
    parts: dict[Payout, Counter[str]] = defaultdict(Counter)
    exchanged = set()
    named = {row["payment_id"]: (row["payout_id"], row["currency"]) for row in payments.to_dicts()}
    for row in payouts.to_dicts():
        key, kind = (row["payout_id"], row["currency"]), moves.get(row["kind"], "unknown")
        if kind in STATES:
            stated[key] = row["amount"]
        elif row["payment_id"] is None or named[row["payment_id"]] != key:
            exchanged.add(row["payment_id"])
            parts[key][kind] += row["amount"] - (row["fee_amount"] or 0)
    for row in payments.to_dicts():
        if row["payout_id"] and row["payment_id"] not in exchanged:
            kind = kinds[row["kind"]]
            parts[row["payout_id"], row["currency"]][kind] += SIGNS[kind] * row["amount"] - (row["fee_amount"] or 0)
    return stated, {key: dict(found) for key, found in parts.items()}
