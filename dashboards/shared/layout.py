"""Building blocks of a page: header, sections, KPI rows, badges, charts and empty states.

Tables are in `tables`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import polars as pl
import streamlit as st
from orderhouse.charts import Drawing, has_value
from orderhouse.invocation import command_here

from shared.access import DataMissing, Version
from shared.colours import WORD_COLOURS
from shared.formats import age, count, instant, label

__all__ = [
    "Direction",
    "Figure",
    "back",
    "badge",
    "drawing",
    "empty",
    "figures",
    "section",
    "start",
    "version_chip",
]

log = logging.getLogger(__name__)

# Key of a row of figures that wraps on a phone, which the style in `app` names.
WRAPPED = "wrapped_figures"

Direction = Literal["up", "down", "neither"]
DELTA_COLOURS: dict[Direction, Literal["normal", "inverse", "off"]] = {
    "up": "normal",
    "down": "inverse",
    "neither": "off",
}


@dataclass(frozen=True)
class Figure:
    """One number of a KPI row.

    Attributes:
        name: Heading.
        value: The number as displayed.
        help: Definition.
        change: Signed change as displayed, if the number is compared.
        against: Basis of the comparison.
        good: Direction of an improvement.
        trend: Earlier values for a sparkline.
        is_final: False if days that the number is of still change. The page says so below the numbers.
        note: A sentence about what the number is of, shown below the numbers.
    """

    name: str
    value: str
    help: str | None = None
    change: str | None = None
    against: str | None = None
    good: Direction = "neither"
    trend: Sequence[float] | None = None
    is_final: bool = True
    note: str | None = None


def start(title: str, about: str) -> Version:
    """Write the title of a page and its purpose, and return the version to display."""
    version: Version = st.session_state["version"]
    st.title(title, anchor=False)
    st.caption(about)
    return version


def back(title: str, parameter: str) -> None:
    """Offer the way back from one record to its list, by taking the record out of the URL."""
    if st.button(title, icon=":material/arrow_back:", type="tertiary"):
        del st.query_params[parameter]
        st.rerun()


def version_chip(version: Version) -> None:
    """Write the number of the displayed version and its age."""
    seconds = (datetime.now(UTC) - version.published_at).total_seconds()
    st.badge(
        f"Version {version.number} · published {age(seconds)}",
        icon=":material/verified:",
        color="green" if seconds < 86_400 else "orange",
        help=f"This version passed the audit and was published on {instant(version.published_at, version.time_zone)}. "
        f"Lateness and ages are measured at {instant(version.as_of, version.time_zone)} ({version.time_zone}).",
    )


@contextmanager
def section(title: str, about: str | None = None) -> Iterator[None]:
    """Hold one part of a page. If the version lacks its data, explain that and leave the other parts alone."""
    st.subheader(title, anchor=False, help=about)
    try:
        yield
    except DataMissing as missing:
        log.warning("%s: %s", title, missing)
        version: Version = st.session_state["version"]
        if not version.role.sees_everything:
            st.info(f"Your role, {version.role.name}, does not see the data of this section.", icon=":material/lock:")
            return
        st.info(
            "The published version was built by another release and lacks the data of this section. "
            f"Run `{command_here()} run` to build and publish a new version.",
            icon=":material/info:",
        )


def figures(items: Sequence[Figure], *, wraps: bool = False) -> None:
    """Show numbers side by side, and below them what they are of.

    Two fit a narrow screen. The others are reached by scrolling; with `wraps`, for one record, they are below.
    """
    with st.container(horizontal=True, gap="small", key=WRAPPED if wraps else None):
        for item in items:
            st.metric(
                item.name,
                item.value,
                item.change,
                delta_color=DELTA_COLOURS[item.good],
                delta_description=item.against if item.change else None,
                help=item.help,
                border=True,
                height="stretch",
                chart_data=item.trend,
                chart_type="area",
            )
    notes = [item.note for item in items if item.note]
    if changing := ", ".join(item.name for item in items if not item.is_final):
        notes.append(f"Not final, because some days still change: {changing}.")
    if notes:
        st.caption("  \n".join(notes))


def drawing(frame: pl.DataFrame, chart: Drawing, nothing: str, value: str | None = None) -> None:
    """Show the chart of a frame, or a sentence if the frame is empty.

    Rows without a `value` are not drawn, and the page says how many they are.
    """
    missing = frame.filter(~has_value(value)).height if value else 0
    if frame.is_empty():
        empty(nothing)
        return
    if missing < frame.height:
        st.altair_chart(chart)
    if missing:
        st.caption(
            f":material/warning: {count(missing)} of {count(frame.height)} points have no value, such as an amount "
            "without an exchange rate, and are not drawn."
        )


def badge(word: object, name: str | None = None, tip: str | None = None) -> None:
    """Show a stored word as a coloured badge, with the name of its axis in front."""
    text = label(word)
    st.badge(f"{name}: {text}" if name else text, color=WORD_COLOURS.get(str(word), "gray"), help=tip)


def empty(sentence: str) -> None:
    """Show a sentence in place of a table or chart without data."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":gray[:material/inbox: {sentence}]", width="content")
