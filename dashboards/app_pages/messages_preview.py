"""Preview of texts: each kind of message on a real order, in each language."""

from __future__ import annotations

import streamlit as st
from orderhouse.messages.configuration import Configuration, load_configuration
from orderhouse.messages.kinds import KINDS
from orderhouse.messages.managing import preview
from orderhouse.messages.outbox import newest_with
from orderhouse.messages.rule_messages import needs_consent_of
from orderhouse.messages.rule_texts import marked_text
from orderhouse.messages.service import opened_version
from orderhouse.messages.templates import LANGUAGES, Text
from orderhouse.operations.store import open_store
from shared import address
from shared.access import Version
from shared.layout import empty, section
from shared.people import signed_in

__all__ = ["preview_of_texts"]

HEIGHT = 420


def preview_of_texts(version: Version) -> None:
    """Show the text of a kind in a language, for the newest fact of that kind or for one order."""
    with section("Texts", "As a customer gets them now. The name is looked up when a message is sent."):
        configuration = load_configuration(version.settings)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind = address.one("text_kind", "Kind", (*KINDS, *configuration.templates), "order_confirmation")
            language = address.one("language", "Language", LANGUAGES, "en", written=str)
            order_id = address.text("text_order", "Order", placeholder="The newest", width=200)
        if kind not in KINDS:
            _of_rules(version, configuration, kind, language)
            return
        with opened_version(version.settings, signed_in().role) as published:
            found = preview(configuration, published, kind, language, order_id or None) if published else None
        if found is None:
            empty("Nothing of this kind happened to such an order.")
            return
        fact, text = found
        _show(text)
        st.caption(f"Order `{fact.order_id}`, {fact.occurred_at:%Y-%m-%d %H:%M} UTC")


def _of_rules(version: Version, configuration: Configuration, name: str, language: str) -> None:
    """Show a text that rules send, with the fields of the newest message that has it, or with their names."""
    sent = newest_with(open_store(version.settings), name)
    fields = sent.payload["fields"] if sent and signed_in().role.sees_everything else {}
    _show(marked_text(configuration, name, language, version.time_zone, fields))
    whom = (
        "customers who agreed to marketing" if needs_consent_of(configuration, name) else "every customer it is about"
    )
    where = "with the fields of the newest message" if fields else "with names of fields in place of their values"
    st.caption(f"Rules send this text to {whom}. It is shown {where}.")


def _show(text: Text) -> None:
    st.markdown(f"**{text.title}**")
    mail, short, html = st.tabs(["Mail", "Short message", "Mail as HTML"])
    mail.code(text.text, language=None, wrap_lines=True)
    short.code(text.short, language=None, wrap_lines=True)
    with html, st.container(height=HEIGHT, border=True):
        st.html(text.html)  # without scripts, also those of a merchant's own template
