"""Messages page: the outbox with its states, the channels, and a preview of each text on a real order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl
import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.messages.instants import instant_of
from orderhouse.messages.kinds import CAMPAIGN, KINDS
from orderhouse.messages.managing import retry
from orderhouse.messages.outbox import STATES, list_messages
from orderhouse.messages.service import count_by_state
from orderhouse.operations.store import Store, open_store
from shared import address
from shared.access import Row, Version
from shared.formats import count
from shared.layout import Figure, figures, section, start
from shared.people import signed_in
from shared.tables import column, table, word

from app_pages.messages_channels import channels
from app_pages.messages_preview import preview_of_texts

PER_PAGE = 100
FIELDS = ("created_at", "kind", "order_id", "subject_id", "endpoint", "audience", "state", "why", "attempts", "sent_at",
          "message_id")  # fmt: skip

SCHEMA = dict.fromkeys(FIELDS, pl.String()) | {
    "attempts": pl.Int64(), "created_at": pl.Datetime(), "sent_at": pl.Datetime()
}  # fmt: skip


def outbox(version: Version, store: Store) -> None:
    """List messages, the newest first, and offer to try one again that failed."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = address.choice("state", "State", STATES)
        kind = address.choice("kind", "Kind", (*KINDS, CAMPAIGN.name))
        order_id = address.text("order_id", "Order", placeholder="Its id", width=200)
    found = list_messages(store, state=state, kind=kind, order_id=order_id or None, limit=PER_PAGE)
    rows = [
        {**{name: getattr(message, name, None) for name in FIELDS}, "why": message.reason or message.last_error}
        | {name: plain_instant(getattr(message, name)) for name in ("created_at", "sent_at")}
        for message in visible(version, found)
    ]
    opened = table(
        pl.DataFrame(rows, schema=SCHEMA),
        {
            "created_at": column("Since"),
            "kind": word("Kind"),
            "order_id": column("Order"),
            "subject_id": column("About"),
            "endpoint": column("Channel"),
            "state": word("State"),
            "why": column("Why"),
            "attempts": column("Attempts", digits=0),
            "sent_at": column("Sent"),
        },
        key="outbox",
        nothing="No message matches. Messages are made after each publication.",
        select="Open a message to see it",
        height=520,
    )
    if len(found) == PER_PAGE:
        st.caption(f"The newest {count(PER_PAGE)} are shown. Use the filters for others.")
    if opened is not None:
        st.session_state["messages.opened"] = opened
    if st.session_state.get("messages.opened"):
        one(version, st.session_state["messages.opened"])


def plain_instant(stored: str | None) -> datetime | None:
    """Return a stored instant as tables show them: in UTC, without a zone."""
    return instant_of(stored).replace(tzinfo=None) if stored else None


def visible(version: Version, messages: list[Any]) -> list[Any]:
    """Return the messages about orders that the role sees; those about no order are for roles that see everything."""
    role = signed_in().role
    if role.sees_everything:
        return messages
    ids = sorted({message.order_id for message in messages if message.order_id})
    seen = set(version.rows("select order_id from ops.orders where order_id in (select unnest(?))", [ids])["order_id"])
    return [message for message in messages if message.order_id in seen]


def one(version: Version, row: Row) -> None:
    """Show one message, and the button that tries it again."""
    with st.container(border=True):
        st.markdown(f"**{row['kind']}** about `{row['subject_id']}`: {row['state']}")
        st.caption(f"`{row['message_id']}`" + (f"  \n{row['why']}" if row["why"] else ""))
        if row["state"] != "failed":
            return
        may = signed_in().role.may("messages")
        tip = "It keeps its id." if may else "Your role may not try messages again."
        if st.button("Try again", icon=":material/refresh:", disabled=not may, help=tip):
            person = signed_in()
            retry(version.settings, str(row["message_id"]), actor=person.name, role=person.role.name)
            st.session_state.pop("messages.opened", None)
            st.rerun()


version = start("Messages", "What customers and the team are told, and what became of it.")
try:
    store = open_store(version.settings)
    counts = count_by_state(store)
    figures([Figure(state.capitalize(), count(counts.get(state, 0))) for state in STATES])
    view = address.segment("messages_view", "View", ("Outbox", "Texts", "Channels"), "Outbox")
    if view == "Outbox":
        with section("Outbox"):
            outbox(version, store)
    elif view == "Texts":
        preview_of_texts(version)
    else:
        channels(version, store)
except OrderhouseError as error:
    st.error(error.message, icon=":material/error:")
