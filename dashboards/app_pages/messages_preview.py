"""Preview of texts: each kind of message on a real order, in each language."""

from __future__ import annotations

import streamlit as st
from orderhouse.messages.configuration import load_configuration
from orderhouse.messages.kinds import KINDS
from orderhouse.messages.managing import preview
from orderhouse.messages.service import opened_version
from orderhouse.messages.templates import LANGUAGES
from shared import address
from shared.access import Version
from shared.layout import empty, section
from shared.people import signed_in

__all__ = ["preview_of_texts"]

HEIGHT = 420


def preview_of_texts(version: Version) -> None:
    """Show the text of a kind in a language, for the newest fact of that kind or for one order."""
    with section("Texts", "As a customer gets them now. The name is looked up when a message is sent."):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind = address.one("text_kind", "Kind", tuple(KINDS), "order_confirmation")
            language = address.one("language", "Language", LANGUAGES, "en", written=str)
            order_id = address.text("text_order", "Order", placeholder="The newest", width=200)
        configuration = load_configuration(version.settings)
        with opened_version(version.settings, signed_in().role) as published:
            found = preview(configuration, published, kind, language, order_id or None) if published else None
        if found is None:
            empty("Nothing of this kind happened to such an order.")
            return
        fact, text = found
        st.markdown(f"**{text.title}**")
        mail, short, html = st.tabs(["Mail", "Short message", "Mail as HTML"])
        mail.code(text.text, language=None, wrap_lines=True)
        short.code(text.short, language=None, wrap_lines=True)
        with html, st.container(height=HEIGHT, border=True):
            st.html(text.html)  # without scripts, also those of a merchant's own template
        st.caption(f"Order `{fact.order_id}`, {fact.occurred_at:%Y-%m-%d %H:%M} UTC")
