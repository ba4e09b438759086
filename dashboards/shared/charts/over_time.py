"""Charts over time: lines, columns, stock levels and the events of one order."""

from __future__ import annotations

import altair as alt
import polars as pl

from shared.charts.drawing import Drawing, colour_by, drawable, tooltip
from shared.colours import ACCENT, LABEL, NEGATIVE, POSITIVE, PRIMARY

__all__ = ["columns_over_time", "levels", "lines_over_time", "timeline"]


def lines_over_time(
    frame: pl.DataFrame, x: str, y: str, title: str, *, series: str | None = None, per_cent: bool = False
) -> Drawing:
    """Draw one line per series over days."""
    base = alt.Chart(drawable(frame, series)).encode(
        x=alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False)),
        y=alt.Y(f"{y}:Q", title=title, axis=alt.Axis(format="%" if per_cent else "~s", tickCount=5)),
        tooltip=tooltip([(x, "T")], series, (y, title, ".1%" if per_cent else ",.2f")),
    )
    colour = colour_by(series)
    line = base.mark_line(strokeWidth=2).encode(color=colour)
    points = base.mark_point(size=60, opacity=0).encode(color=colour)
    chart: Drawing = (line + points).properties(height=260)
    return chart


def columns_over_time(
    frame: pl.DataFrame, x: str, y: str, title: str, *, series: str | None = None, height: int = 260
) -> Drawing:
    """Draw columns per day, stacked by series."""
    colour = colour_by(series)
    chart: Drawing = (
        alt.Chart(drawable(frame, series))
        .mark_bar()
        .encode(
            x=alt.X(f"yearmonthdate({x}):T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False)),
            y=alt.Y(f"{y}:Q", title=title, stack="zero", axis=alt.Axis(format="~s", tickCount=5)),
            color=colour,
            tooltip=tooltip([(x, "T")], series, (y, title, ",.2f")),
        )
        .properties(height=height)
    )
    return chart


def levels(
    frame: pl.DataFrame, x: str, level: str, moves: str, titles: tuple[str, str], *, mark: float | None = None
) -> Drawing:
    """Draw a stock level as steps over its daily movements, with a rule at the reorder point."""
    axis = alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False))
    data = drawable(frame)
    # With few movements a step is too short to be seen without points at its ends.
    points: dict[str, object] | bool = {"color": PRIMARY, "size": 30} if frame.height <= 30 else False
    stock = (
        alt.Chart(data)
        .mark_area(interpolate="step-after", line={"color": PRIMARY}, point=points, color=PRIMARY, opacity=0.18)
        .encode(
            x=axis,
            y=alt.Y(f"{level}:Q", title=titles[0]),
            tooltip=tooltip([(x, "T")], None, (level, titles[0], ",.0f")),
        )
    )
    if mark is not None:
        rule = alt.Chart(pl.DataFrame({"mark": [float(mark)], "name": ["Reorder point"]}))
        line = rule.mark_rule(color=ACCENT, strokeDash=[5, 4], strokeWidth=1.5).encode(y="mark:Q")
        name = rule.mark_text(align="left", dx=4, dy=-7, color=ACCENT).encode(y="mark:Q", x=alt.value(0), text="name:N")
        stock = stock + line + name
    moved = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=axis,
            y=alt.Y(f"{moves}:Q", title=titles[1], axis=alt.Axis(tickCount=3)),
            color=alt.condition(alt.datum[moves] < 0, alt.value(NEGATIVE), alt.value(POSITIVE)),
            tooltip=tooltip([(x, "T")], None, (moves, titles[1], "+,.0f")),
        )
    )
    chart: Drawing = alt.vconcat(
        stock.properties(height=230, width="container"), moved.properties(height=90, width="container"), spacing=8
    ).resolve_scale(x="shared")
    return chart


def timeline(frame: pl.DataFrame, at: str, lane: str, event: str) -> Drawing:
    """Draw events as points on one lane per feed."""
    base = alt.Chart(drawable(frame, lane, event)).encode(
        x=alt.X(f"{at}:T", title=None, axis=alt.Axis(format="%d %b %H:%M", labelOverlap=True)),
        y=alt.Y(f"{lane}:N", title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160, grid=True)),
        tooltip=[
            alt.Tooltip(f"{at}:T", title="At", format="%d %b %Y %H:%M"),
            alt.Tooltip(f"{lane}:N", title="Feed"),
            alt.Tooltip(f"{event}:N", title="Event"),
        ],
    )
    points = base.mark_circle(size=110, opacity=0.9).encode(color=alt.Color(f"{lane}:N", legend=None))
    # Names of more than a dozen events cover each other, so only the tooltips show them.
    names = base.mark_text(align="left", dx=9, dy=-9, color=LABEL).encode(
        text=f"{event}:N" if frame.height <= 12 else alt.value("")
    )
    chart: Drawing = (points + names).properties(height=40 * frame[lane].n_unique() + 60)
    return chart
