"""Colours of charts, and of the words that carry a judgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

__all__ = [
    "SCALE",
    "SEVERITY_COLOURS",
    "TEXT_ON_DARK",
    "TEXT_ON_LIGHT",
    "WORD_COLOURS",
    "Palette",
    "WordColour",
    "palette",
]


@dataclass(frozen=True)
class Palette:
    """Colours of marks and of the text beside them, on a light or a dark page."""

    primary: str
    accent: str
    positive: str
    negative: str
    label: str
    paper: str
    steps: list[str]


# Text on the cells of SCALE, which are the same on both pages.
TEXT_ON_LIGHT, TEXT_ON_DARK = "#1d2b2f", "#ffffff"
SCALE = ["#f1f7f6", "#cde5e3", "#87bfbb", "#3d928e", "#0f6665", "#043a3a"]
LIGHT = Palette("#0f6e6e", "#b86a14", "#5fb0b7", "#c2393d", "#4a5a5f", "#ffffff", SCALE[1:])
DARK = Palette("#3fb0a8", "#e8a355", "#7fc9cf", "#e8696c", "#b3c1c5", "#12191b", SCALE[:0:-1])
SEVERITY_COLOURS = {"critical": "#8f1d28", "high": "#c2393d", "medium": "#c9701d", "low": "#2f6fab"}

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


def palette() -> Palette:
    """Return the colours for the page as the reader sees it."""
    return DARK if st.context.theme.type == "dark" else LIGHT
