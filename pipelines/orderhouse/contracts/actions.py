"""Actions: what the merchant's operators did, one action per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import boolean, date, identifier, instant, personal, promise, text, units, word
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Actions"]


class Actions(Contract):
    """An operator's action on an order, or on another subject such as a month."""

    shape = "event"

    action_id = identifier("The action.", key=True, required=True)
    order_id = identifier("The order of the action, under its number in the warehouse.", is_of_order=True)
    kind = word("The action taken.", required=True)
    occurred_at = instant("The instant of the action.", required=True)
    actor = text("The operator.", required=True)
    role = text("The role of the operator.", required=True)
    line_id = text("The line of cancel_line and route; by default the one in the payload.")
    quantity = units("Units of the line; by default those in the payload, else all open ones.", above_zero=True)
    warehouse_id = text("The warehouse that route names; by default the one in the payload.")
    promised_at = promise(
        "The new promise of change_promise; by default the one in the payload.", days="promise_is_date_only"
    )
    promise_is_date_only = boolean("The promise is a day, as written; default true for a date without time of day.")
    subject_kind = text("What the action is about if it is no order: sku, exception or period.")
    subject_id = text("Which one; of a period the month, such as 2026-05.")
    assignee = text("The person to whom assign gives an exception.")
    snoozed_until = date("The business day on which a snoozed exception is back in the worklist.")
    tells_customer = boolean("False if the customer is not to be told of what the action does; default true.")
    seen_version = text("The version of the order that the operator saw, as the pages write it.")
    payload = personal(
        "Parameters as JSON: `line_id`, `quantity` and `warehouse_id`, or `promised_at`; a customer's wish.",
        kind="text",
    )
    reason = personal("The reason.", kind="text")

    @rule("it names neither an order nor another subject", "order_id", "subject_kind", "subject_id")
    def has_a_subject(cls) -> pl.Expr:
        """Require an order, or a kind of subject with its id."""
        return pl.col("order_id").is_not_null() | (
            pl.col("subject_kind").is_not_null() & pl.col("subject_id").is_not_null()
        )
