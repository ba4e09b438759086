"""Colours of the words that carry a judgement, and of charts by the theme of the reader."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from orderhouse.charts.colours import DARK, LIGHT, SEVERITY_COLOURS, Palette

__all__ = [
    "SEVERITY_COLOURS",
    "WORD_COLOURS",
    "WordColour",
    "by_theme",
]


WordColour = Literal["red", "orange", "yellow", "green", "blue", "gray", "violet", "primary"]
# A word that carries a judgement has the same colour on every page.
WORDS_BY_COLOUR: dict[WordColour, tuple[str, ...]] = {
    "red": (
        "critical",
        "high",
        "error",
        "rejected",
        "out_of_stock",
        "late",
        "delivery_problem",
        "disputed",
        "failed",
        "lost",
        "patch_failed",
        "no_longer_applies",
        "overdue",
    ),
    "orange": (
        "open",
        "medium",
        "warn",
        "warned",
        "quiet",
        "awaiting_stock",
        "on_hold",
        "awaiting_payment",
        "part_paid",
        "overpaid",
        "at_risk",
    ),
    "blue": (
        "low",
        "in_transit",
        "shipped",
        "part_shipped",
        "ready_to_ship",
        "confirmed",
        "authorized",
        "out_for_delivery",
    ),
    "green": ("passed", "fresh", "repaired", "loaded", "closed", "delivered", "paid", "active"),
}
WORD_COLOURS: dict[str, WordColour] = {word: colour for colour, words in WORDS_BY_COLOUR.items() for word in words}


def by_theme() -> Palette:
    """Return the colours for the page as the reader sees it."""
    return DARK if st.context.theme.type == "dark" else LIGHT
