"""Actions that a run has folded in, with the decision on each, and their texts for roles that may see them."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import streamlit as st

from shared import revealing
from shared.access import Row, Version
from shared.columns import Column, column
from shared.formats import label
from shared.layout import section
from shared.tables import table

__all__ = ["show"]

# Columns of `ops.actions` with tokens of personal texts. A role can have fewer.
TEXTS = ("reason_token", "payload_token")
CHOSEN = "chosen_action"


def show(version: Version, found: pl.DataFrame, nothing: str, more: Mapping[str, Column]) -> None:
    """List actions of `ops.actions`, accepted or rejected with the reason. An opened row offers to reveal its text.

    Args:
        version: The published version.
        found: The actions, with all columns that the role sees.
        nothing: Sentence to show if there are none.
        more: Descriptions of further columns.
    """
    decision = pl.when(pl.col("is_accepted")).then(pl.lit("accepted")).otherwise(pl.lit("rejected"))
    texts = [pl.col(name).is_not_null() for name in TEXTS if name in found.columns]
    with section("Actions received", "Actions that a run has folded in. A rejected one has changed nothing."):
        picked = table(
            found.with_columns(decision.alias("decision"), pl.any_horizontal(pl.lit(False), *texts).alias("has_text")),
            {
                "occurred_at": column("At"),
                "kind": column("Action"),
                "decision": column("Decision"),
                "rejection": column("Why rejected"),
                "actor": column("By"),
                "role": column("Role"),
                "assignee": column("Given to"),
                "snoozed_until": column("Snoozed until"),
                "has_text": column("Text", "Yes if there is a reason, a note or a new address, which is in the vault."),
                **more,
            },
            key="actions",
            nothing=nothing,
            select="Open a row to read its reason or note, if your role may.",
            height="content",
        )
        if picked:
            st.session_state[CHOSEN] = picked["action_id"]
        chosen = found.filter(pl.col("action_id") == st.session_state.get(CHOSEN, ""))
        if chosen.height:
            _offer(version, chosen.row(0, named=True))


def _offer(version: Version, action: Row) -> None:
    """Offer to reveal the texts of one action that the reader sees."""
    st.markdown(f"**{label(action['kind'])}** by {action['actor']}")
    revealing.offer(version, *(action[name] for name in TEXTS if action.get(name)))
