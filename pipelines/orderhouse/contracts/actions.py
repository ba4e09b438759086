"""Actions: what our own operators did, one action per row."""

from __future__ import annotations

from orderhouse.contracts.columns import identifier, instant, personal, text, units, word
from orderhouse.contracts.contract import Contract

__all__ = ["Actions"]


class Actions(Contract):
    """Something an operator did to an order."""

    shape = "event"

    action_id = identifier("The action.", key=True, required=True)
    order_id = identifier(
        "The order acted on, by the number that the warehouse knows.", required=True, is_of_order=True
    )
    kind = word("What was done.", required=True)
    occurred_at = instant("When it happened.", required=True)
    actor = text("Who did it.", required=True)
    role = text("In which role.", required=True)
    line_id = text("The line that cancel_line is about; else taken from the payload.")
    quantity = units("How many units of it; all that are open if empty; else taken from the payload.", above_zero=True)
    promised_at = instant("The new promise of change_promise; else taken from the payload.")
    payload = personal("What the action needs, as JSON: `line_id` and `quantity`, or `promised_at`.", kind="text")
    reason = personal("Why it was done.", kind="text")
