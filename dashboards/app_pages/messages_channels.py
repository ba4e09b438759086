"""Channels of messages: since when each is on, how it fails, and the buttons that pause it and let it go on."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.messages.endpoints import EndpointState, endpoint_states
from orderhouse.messages.managing import pause_endpoint, resume_endpoint
from orderhouse.operations.store import Store
from orderhouse.settings import Settings
from shared.access import Version
from shared.layout import badge, empty, section
from shared.people import signed_in

__all__ = ["channels"]


def channels(version: Version, store: Store) -> None:
    """Show each channel that is switched on."""
    with section("Channels", "Declared in messages.yaml of the home; those of alerts in the settings."):
        on = [state for state in endpoint_states(store).values() if state.switched_on_at is not None]
        if not on:
            empty("No channel is switched on. All messages are dry runs until messages.yaml declares one.")
        for state in on:
            _channel(version.settings, state)


def _channel(settings: Settings, state: EndpointState) -> None:
    may = signed_in().role.may("messages")
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{state.endpoint}**  \nOn since {str(state.switched_on_at)[:16].replace('T', ' ')} UTC")
        badge("paused" if state.paused_at else "failing" if state.failures else "on")
        if state.last_error:
            st.caption(f"{state.failures} failures in a row: {state.last_error}")
        act: Callable[..., None] = resume_endpoint if state.paused_at else pause_endpoint
        name = "Test and resume" if state.paused_at else "Pause"
        tip = None if may else "Your role may not pause channels."
        if st.button(name, key=f"channel.{state.endpoint}", disabled=not may, help=tip):
            person = signed_in()
            try:
                act(settings, state.endpoint, actor=person.name, role=person.role.name)
            except OrderhouseError as error:
                st.error(error.message, icon=":material/error:")
                return
            st.rerun()
