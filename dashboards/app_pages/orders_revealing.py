"""Revealing of the personal data of an order's customer: asks for the reason, and is recorded."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.operations.revealing import reveal
from shared.access import DataMissing, Row, Version
from shared.people import signed_in

__all__ = ["offer"]


def offer(version: Version, order: Row) -> None:
    """Show the button, if the role may reveal and the order names a person."""
    is_offered = signed_in().role.reveals and _tokens(version, order)
    if is_offered and st.button("Reveal personal data", icon=":material/visibility:", type="tertiary"):
        _ask(version, order)


def _tokens(version: Version, order: Row) -> list[str]:
    """Return the tokens of the order's customer that the role sees."""
    tokens = [order.get("customer_token")]
    try:
        customer = version.row(
            "select email_token from marts.dim_customers where customer_key = ?", (order.get("customer_key"),)
        )
        tokens.append(customer["email_token"])
    except DataMissing:
        pass
    return [token for token in dict.fromkeys(tokens) if token]


@st.dialog("Reveal personal data")
def _ask(version: Version, order: Row) -> None:
    person = signed_in()
    st.markdown("The reason, your name and the time are kept in the audit log.")
    why = st.text_input("Reason", key="reveal_reason", placeholder="Such as: call about a damaged parcel")
    if not st.button("Reveal", type="primary"):
        return
    try:
        found = reveal(
            version.settings, actor=person.name, role=person.role, tokens=_tokens(version, order), reason=why
        )
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    if not found:
        st.info("The vault has no personal data of this customer. It may have been erased.")
    for value in found.values():
        st.code(value, language=None)
