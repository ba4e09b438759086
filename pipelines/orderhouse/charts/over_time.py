"""Charts over time: lines, columns, stock levels and the events of one order."""

from __future__ import annotations

from datetime import date

import altair as alt
import polars as pl

from orderhouse.charts.colours import palette
from orderhouse.charts.drawing import Drawing, colour_by, drawable, shortened, tooltip

__all__ = ["columns_over_time", "levels", "lines_over_time", "timeline"]


def lines_over_time(
    frame: pl.DataFrame,
    x: str,
    y: str,
    title: str,
    *,
    series: str | None = None,
    per_cent: bool = False,
    final_until: date | None = None,
) -> Drawing:
    """Draw one line per series over days. Days after `final_until` can still change, and are marked."""
    data = drawable(frame, series, value=y)
    base = alt.Chart(data).encode(
        x=alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False)),
        y=alt.Y(f"{y}:Q", title=title, axis=alt.Axis(format="%", tickCount=5) if per_cent else shortened(tickCount=5)),
        tooltip=tooltip([(x, "T")], series, (y, title, ".1%" if per_cent else ",.2f")),
    )
    colour = colour_by(series)
    line = base.mark_line(strokeWidth=2).encode(color=colour)
    points = base.mark_point(size=60, opacity=0).encode(color=colour)
    drawn: alt.LayerChart = line + points
    last = data[x].max()
    if final_until is not None and isinstance(last, date) and last > final_until:
        drawn = _not_final(x, final_until, last) + line + points
    chart: Drawing = drawn.properties(height=260)
    return chart


def _not_final(x: str, final_until: date, last: date) -> alt.LayerChart:
    """Shade the days whose figures can still change."""
    span = alt.Chart(pl.DataFrame({x: [final_until], "to": [last], "note": ["Not final"]}))
    band = span.mark_rect(opacity=0.14, color=palette().label).encode(x=f"{x}:T", x2="to:T")
    note = span.mark_text(align="right", dx=-2, dy=-8, color=palette().label).encode(
        x="to:T", y=alt.value(0), text="note:N"
    )
    marked: alt.LayerChart = band + note
    return marked


def columns_over_time(
    frame: pl.DataFrame, x: str, y: str, title: str, *, series: str | None = None, height: int = 260
) -> Drawing:
    """Draw columns per day, stacked by series."""
    colour = colour_by(series)
    chart: Drawing = (
        alt.Chart(drawable(frame, series, value=y))
        .mark_bar()
        .encode(
            x=alt.X(f"yearmonthdate({x}):T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False)),
            y=alt.Y(f"{y}:Q", title=title, stack="zero", axis=shortened(tickCount=5)),
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
    seen = palette()
    axis = alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False))
    data = drawable(frame)
    # With few movements a step is too short to be seen without points at its ends.
    points: dict[str, object] | bool = {"color": seen.primary, "size": 30} if frame.height <= 30 else False
    stock = (
        alt.Chart(data)
        .mark_area(
            interpolate="step-after", line={"color": seen.primary}, point=points, color=seen.primary, opacity=0.18
        )
        .encode(
            x=axis,
            y=alt.Y(f"{level}:Q", title=titles[0]),
            tooltip=tooltip([(x, "T")], None, (level, titles[0], ",.0f")),
        )
    )
    if mark is not None:
        rule = alt.Chart(pl.DataFrame({"mark": [float(mark)], "name": ["Reorder point"]}))
        line = rule.mark_rule(color=seen.accent, strokeDash=[5, 4], strokeWidth=1.5).encode(y="mark:Q")
        name = rule.mark_text(align="left", dx=4, dy=-7, color=seen.accent).encode(
            y="mark:Q", x=alt.value(0), text="name:N"
        )
        stock = stock + line + name
    moved = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=axis,
            y=alt.Y(f"{moves}:Q", title=titles[1], axis=alt.Axis(tickCount=3)),
            color=alt.condition(alt.datum[moves] < 0, alt.value(seen.negative), alt.value(seen.positive)),
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
    names = base.mark_text(align="left", dx=9, dy=-9, color=palette().label).encode(
        text=f"{event}:N" if frame.height <= 12 else alt.value("")
    )
    chart: Drawing = (points + names).properties(height=40 * frame[lane].n_unique() + 60)
    return chart
