"""Revealing of texts that customers and operators wrote: asks for the reason, and is recorded."""

from __future__ import annotations

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.operations.revealing import reveal

from shared.access import Version
from shared.people import signed_in

__all__ = ["offer"]


def offer(version: Version, *tokens: str) -> None:
    """Show the form that reveals the texts of tokens, or say why there is none."""
    person = signed_in()
    if not tokens:
        st.caption("No text was given.")
        return
    if not person.role.reveals:
        st.caption(f"Your role, {person.role.name}, may not read what people wrote.")
        return
    with st.form("reveal_text", border=True):
        st.caption("The reason, your name and the time are kept in the audit log.")
        why = st.text_input("Why do you need the text?", key="reveal_why", placeholder="Such as: complaint of 3 March")
        is_asked = st.form_submit_button("Reveal the text", icon=":material/visibility:")
    if not is_asked:
        return
    try:
        found = reveal(version.settings, actor=person.name, role=person.role, tokens=tokens, reason=why)
    except OrderhouseError as error:
        st.error(error.message, icon=":material/error:")
        return
    if not found:
        st.info("The vault has no text of it. It may have been erased.")
    for value in found.values():
        st.code(value, language=None, wrap_lines=True)
