"""What pages are built from: header, sections, KPI rows, tables, empty states, and notices instead of tracebacks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl
import streamlit as st

from shared.access import DataMissing, Version
from shared.formats import age, compact, instant, label

__all__ = [
    "Figure",
    "PALETTE",
    "badge",
    "column",
    "drawing",
    "empty",
    "figures",
    "section",
    "start",
    "table",
    "version_chip",
    "FILE",
    "word",
]

log = logging.getLogger(__name__)

Tone = Literal["red", "orange", "yellow", "green", "blue", "gray", "violet", "primary"]
# Words that carry a judgement get its colour wherever they stand.
JUDGED: dict[Tone, tuple[str, ...]] = {
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
PALETTE: dict[str, Tone] = {word: tone for tone, words in JUDGED.items() for word in words}


@dataclass(frozen=True)
class Figure:
    """One number of a KPI row.

    Attributes:
        name: What it is.
        value: As written for people.
        help: How it is defined.
        change: Signed change as written for people, if it is compared.
        against: What it is compared with.
        good: Which direction is good: up, down, or neither.
        trend: Earlier values for a sparkline.
    """

    name: str
    value: str
    help: str | None = None
    change: str | None = None
    against: str | None = None
    good: Literal["up", "down", "neither"] = "neither"
    trend: Sequence[float] | None = None


def start(title: str, about: str) -> Version:
    """Write the page's title and what it answers; return the version it shows."""
    version: Version = st.session_state["version"]
    st.title(title, anchor=False)
    st.caption(about)
    return version


def version_chip(version: Version) -> None:
    """Write which version is shown and how old it is."""
    seconds = (datetime.now(UTC) - version.published_at).total_seconds()
    st.badge(
        f"Version {version.number} · published {age(seconds)}",
        icon=":material/verified:",
        color="green" if seconds < 86_400 else "orange",
        help=f"Audited and published {instant(version.published_at, version.time_zone)}. "
        f"Late, stuck and ages are measured at {instant(version.as_of, version.time_zone)} ({version.time_zone}).",
    )


@contextmanager
def section(title: str, about: str | None = None) -> Iterator[None]:
    """Hold one part of a page. If this version lacks its data, the part says so and the rest of the page stands."""
    st.subheader(title, anchor=False, help=about)
    try:
        yield
    except DataMissing as missing:
        log.warning("%s: %s", title, missing)
        st.info(
            "The published version was built by another release and does not hold what this part shows. "
            "Run `orderhouse run` to build and publish a new one.",
            icon=":material/info:",
        )


def figures(items: Sequence[Figure]) -> None:
    """Show numbers side by side; they wrap on narrow screens."""
    colour: dict[str, Any] = {"up": "normal", "down": "inverse", "neither": "off"}
    with st.container(horizontal=True, gap="small"):
        for item in items:
            st.metric(
                item.name,
                item.value,
                item.change,
                delta_color=colour[item.good],
                delta_description=item.against if item.change else None,
                help=item.help,
                border=True,
                height="stretch",
                chart_data=item.trend,
                chart_type="area",
            )


def drawing(frame: pl.DataFrame, chart: Any, nothing: str) -> None:
    """Show a chart of a frame, or what it means that there is nothing to draw."""
    if frame.is_empty():
        empty(nothing)
    else:
        st.altair_chart(chart)


def badge(word: object, name: str | None = None, tip: str | None = None) -> None:
    """Show a stored word as a coloured badge, with the axis it is on in front."""
    text = label(word)
    st.badge(f"{name}: {text}" if name else text, color=PALETTE.get(str(word), "gray"), help=tip)


def empty(sentence: str) -> None:
    """Say that there is nothing, and what that means."""
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":gray[:material/inbox: {sentence}]", width="content")


def column(
    name: str, tip: str | None = None, *, unit: str | None = None, per_cent: bool = False, digits: int | None = None
) -> Any:
    """Describe a table column: its heading with the unit, its definition, and for numbers how many digits."""
    heading = f"{name} ({unit})" if unit else name
    if per_cent:
        return st.column_config.NumberColumn(heading, help=tip, format="percent", step=0.001)
    if digits is not None:
        return st.column_config.NumberColumn(heading, help=tip, format=f"%,.{digits}f")
    return st.column_config.Column(heading, help=tip)


# The folders of a file come last: they are long, and its name tells files apart.
FILE = {
    "file_name": column("File", "Its name; the folder is in the last column."),
    "path": column("Path", "Where it was found. Double-click a cell to see all of it."),
}


def word(name: str, tip: str | None = None) -> Any:
    """Describe a column of stored words that are shown as coloured labels."""
    return st.column_config.MultiselectColumn(
        name, help=tip, options=[label(known) for known in PALETTE], color=list(PALETTE.values())
    )


def table(
    frame: pl.DataFrame,
    columns: dict[str, Any],
    *,
    key: str,
    nothing: str,
    of: int | None = None,
    select: str | None = None,
    height: int | Literal["auto", "content"] = "auto",
) -> dict[str, Any] | None:
    """Show rows that can be sorted, searched and downloaded; words and local times as people write them.

    Args:
        frame: The rows, already limited by SQL.
        columns: Column to description, in order; other columns stay hidden.
        key: Widget key, unique on the page.
        nothing: What an empty table means.
        of: How many rows there are without the limit, to say so.
        select: What picking a row does, if it can be picked.
        height: Height in pixels, or as Streamlit sizes it.

    Returns:
        The picked row, as stored.
    """
    if frame.is_empty():
        empty(nothing)
        return None
    coloured = [
        name for name, described in columns.items() if (described.get("type_config") or {}).get("type") == "multiselect"
    ]
    shown = _for_people(frame.select(list(columns)), coloured)
    event: Any = st.dataframe(
        shown,
        hide_index=True,
        column_config={name: _timed(described, shown.schema[name]) for name, described in columns.items()},
        key=key,
        height=height,
        placeholder="–",
        on_select="rerun" if select else "ignore",
        selection_mode="single-row",
        alt=key.replace("_", " "),
    )
    hints = (
        [f"First {frame.height:,} of {compact(of)} rows; narrow the filters, or take all of them from Exports."]
        if of and of > frame.height
        else []
    )
    hints += [select] if select else []
    if hints:
        st.caption("  \n".join(hints))
    picked = event.selection.rows if select else []
    return frame.row(picked[0], named=True) if picked and picked[0] < frame.height else None


WORD_COLUMNS = (
    "stage",
    "severity",
    "code",
    "kind",
    "axis",
    "feed",
    "event",
    "lifecycle",
    "segment",
    "category",
    "channel",
    "break_type",
    "stockout_risk",
    "method",
    "recognition_clock",
    "preferred_channel",
    "owner",
    "status",
)


def _for_people(frame: pl.DataFrame, coloured: list[str]) -> pl.DataFrame:
    version: Version = st.session_state["version"]
    local = pl.selectors.datetime().dt.replace_time_zone("UTC").dt.convert_time_zone(version.time_zone)
    words = [_labelled(frame[name]) for name in frame.columns if name in coloured or _is_word(frame, name)]
    chips = [pl.when(pl.col(name).is_not_null()).then(pl.concat_list(name)).alias(name) for name in coloured]
    return frame.with_columns(local.dt.replace_time_zone(None), *words).with_columns(chips)


def _timed(described: Any, kind: pl.DataType) -> Any:
    """Give columns of instants and days their format."""
    if isinstance(kind, pl.Datetime):
        return st.column_config.DatetimeColumn(
            described.get("label"), help=described.get("help"), format="D MMM YYYY, HH:mm"
        )
    if kind == pl.Date:
        return st.column_config.DateColumn(described.get("label"), help=described.get("help"), format="D MMM YYYY")
    return described


def _is_word(frame: pl.DataFrame, name: str) -> bool:
    return frame.schema[name] == pl.String and (name.endswith(("status", "_class")) or name in WORD_COLUMNS)


def _labelled(words: pl.Series) -> pl.Series:
    known = words.drop_nulls().unique().to_list()
    return words.replace_strict(known, [label(word) for word in known], default=None, return_dtype=pl.String)
