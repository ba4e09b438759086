"""Feedback: answers of customers, one answer per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import identifier, instant, number, personal
from orderhouse.contracts.columns import text as text_
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Feedback"]


class Feedback(Contract):
    """An answer of a customer: a score on a scale, and text."""

    shape = "event"

    feedback_id = identifier("The answer.", key=True, required=True)
    occurred_at = instant("The instant of the answer.", required=True)
    order_id = identifier("The order it is about.", is_of_order=True)
    customer_id = identifier("The customer.")
    channel = text_("The channel of the answer.")
    score = number("On the scale from 0 or 1 to scale_max.")
    scale_max = number("The best possible score.")
    topic = text_("The topic.")
    text = personal("The text of the customer.", kind="text")

    @rule("the score is above the scale's maximum", "score", "scale_max")
    def score_on_scale(cls) -> pl.Expr:
        """Require a score that is not above the best score of its scale."""
        return pl.col("score") <= pl.col("scale_max")
