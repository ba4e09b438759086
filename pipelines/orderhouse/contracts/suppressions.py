"""Suppressions: who is not written to for which purpose, one decision per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import identifier, instant, text
from orderhouse.contracts.contract import Contract, rule

__all__ = ["KINDS", "Suppressions"]

KINDS = ("unsubscribed", "imported", "resumed")


class Suppressions(Contract):
    """A decision that a person is not written to for a purpose, or is again. The product writes this feed itself."""

    shape = "event"

    suppression_id = identifier("The decision.", key=True, required=True)
    recipient = text("The token of the person's e-mail address. Never an address.", required=True)
    purpose = text("The purpose of messages; `all` for all marketing.", required=True)
    kind = text("unsubscribed, imported, or resumed.", required=True)
    occurred_at = instant("The instant of the decision.", required=True)
    origin = text("Where it was made: portal, file or command.")

    @rule("the kind is not unsubscribed, imported or resumed", "kind")
    def is_a_kind(cls) -> pl.Expr:
        """Require a kind that is known."""
        return pl.col("kind").is_in(KINDS)

    @rule("the recipient is not a token of 32 hexadecimal digits", "recipient")
    def is_a_token(cls) -> pl.Expr:
        """Require a token, so that no address is stored in the clear."""
        return pl.col("recipient").str.contains(r"^[0-9a-f]{32}$")
