"""Colours of charts, and of the words that carry a judgement."""

from __future__ import annotations

from typing import Literal

__all__ = [
    "ACCENT",
    "LABEL",
    "NEGATIVE",
    "POSITIVE",
    "PRIMARY",
    "SCALE",
    "SEVERITY_COLOURS",
    "TEXT",
    "WORD_COLOURS",
    "WordColour",
]

PRIMARY = "#0f6e6e"
ACCENT = "#e0913a"
POSITIVE = "#5fb0b7"
NEGATIVE = "#c2393d"
TEXT = "#1d2b2f"
LABEL = "#4a5a5f"
SCALE = ["#f1f7f6", "#cde5e3", "#87bfbb", "#3d928e", "#0f6665", "#043a3a"]
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
