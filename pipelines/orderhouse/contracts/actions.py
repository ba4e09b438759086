"""Actions: what the merchant's operators did, one action per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, identifier, instant, personal, promise, text, units, word
from orderhouse.contracts.contract import Contract

__all__ = ["Actions"]


class Actions(Contract):
    """An operator's action on an order."""

    shape = "event"

    action_id = identifier("The action.", key=True, required=True)
    order_id = identifier(
        "The order of the action, under its number in the warehouse.", required=True, is_of_order=True
    )
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
    payload = personal("Parameters as JSON: `line_id`, `quantity` and `warehouse_id`, or `promised_at`.", kind="text")
    reason = personal("The reason.", kind="text")
