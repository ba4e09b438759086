"""Feedback: one answer of a customer per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import identifier, instant, number, personal
from orderhouse.contracts.columns import text as text_
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Feedback"]


class Feedback(Contract):
    """What a customer thinks, as a score on a scale and in words."""

    shape = "event"

    feedback_id = identifier("The answer.", key=True, required=True)
    occurred_at = instant("When it was given.", required=True)
    order_id = identifier("The order it is about.", is_of_order=True)
    customer_id = identifier("Who gave it.")
    channel = text_("Where it was given.")
    score = number("On the scale from 0 or 1 to scale_max.")
    scale_max = number("The best score there is.")
    topic = text_("What it is about.")
    text = personal("What the customer wrote.", kind="text")

    @rule("the score is above the scale's maximum", "score", "scale_max")
    def score_on_scale(cls) -> pl.Expr:
        """No score is better than the best there is."""
        return pl.col("score") <= pl.col("scale_max")
