"""Colours of charts, on light and on dark paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = [
    "DARK",
    "LIGHT",
    "SCALE",
    "SEVERITY_COLOURS",
    "TEXT_ON_DARK",
    "TEXT_ON_LIGHT",
    "Palette",
    "drawn_in",
    "follow",
    "palette",
]


@dataclass(frozen=True)
class Palette:
    """Colours of marks and of the text beside them, on light or dark paper."""

    primary: str
    accent: str
    positive: str
    negative: str
    label: str
    paper: str
    steps: list[str]


# Text on the cells of SCALE, which are the same on both.
TEXT_ON_LIGHT, TEXT_ON_DARK = "#1d2b2f", "#ffffff"
SCALE = ["#f1f7f6", "#cde5e3", "#87bfbb", "#3d928e", "#0f6665", "#043a3a"]
LIGHT = Palette("#0f6e6e", "#b86a14", "#5fb0b7", "#c2393d", "#4a5a5f", "#ffffff", SCALE[1:])
DARK = Palette("#3fb0a8", "#e8a355", "#7fc9cf", "#e8696c", "#b3c1c5", "#12191b", SCALE[:0:-1])
SEVERITY_COLOURS = {"critical": "#8f1d28", "high": "#c2393d", "medium": "#c9701d", "low": "#2f6fab"}

_chosen: ContextVar[Palette | None] = ContextVar("chosen", default=None)
# One process serves pages or makes pictures; the pages choose by the theme of each reader.
_in_use: dict[str, Callable[[], Palette]] = {"palette": lambda: LIGHT}


def palette() -> Palette:
    """Return the colours to draw in."""
    return _chosen.get() or _in_use["palette"]()


def follow(choose: Callable[[], Palette]) -> None:
    """Let a function choose the colours from now on, such as by the theme of the reader."""
    _in_use["palette"] = choose


@contextmanager
def drawn_in(colours: Palette) -> Iterator[None]:
    """Draw in certain colours for a while, whoever looks."""
    token = _chosen.set(colours)
    try:
        yield
    finally:
        _chosen.reset(token)
