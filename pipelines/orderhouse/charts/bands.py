"""Charts of forecasts: the band from p10 to p90 after a history, and curves of a choice."""

from __future__ import annotations

from datetime import date

import altair as alt
import polars as pl

from orderhouse.charts.colours import palette
from orderhouse.charts.drawing import Drawing, drawable, shortened

__all__ = ["curve", "forecast_band"]


def forecast_band(history: pl.DataFrame, forecast: pl.DataFrame, title: str, origin: date | None) -> Drawing:
    """Draw what came, what is forecast with its band from p10 to p90, and a rule at the origin.

    Args:
        history: `period`, `value` and `is_censored`, which marks a period in which stock was lacking.
        forecast: `period`, `expected`, `low` and `high`.
        title: Title of the y axis, with the unit.
        origin: Last day that the forecast knew; none draws no rule.
    """
    seen = palette()
    x = alt.X("period:T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False))
    scale = alt.Scale(zero=True)
    axis = shortened(tickCount=5)
    ahead = alt.Chart(drawable(forecast)).encode(
        x=x,
        tooltip=[
            alt.Tooltip("period:T", title="From", format="%d %b %Y"),
            alt.Tooltip("expected:Q", title="Expected", format=",.1f"),
            alt.Tooltip("low:Q", title="p10", format=",.1f"),
            alt.Tooltip("high:Q", title="p90", format=",.1f"),
        ],
    )
    band = ahead.mark_area(opacity=0.25, color=seen.accent).encode(
        y=alt.Y("low:Q", title=title, scale=scale, axis=axis), y2="high:Q"
    )
    expected = ahead.mark_line(color=seen.accent, strokeDash=[6, 4], point={"color": seen.accent, "size": 24}).encode(
        y="expected:Q"
    )
    came = alt.Chart(drawable(history, value="value")).encode(
        x=x,
        y=alt.Y("value:Q", title=title, scale=scale, axis=axis),
        tooltip=[
            alt.Tooltip("period:T", title="From", format="%d %b %Y"),
            alt.Tooltip("value:Q", title=title, format=",.1f"),
            alt.Tooltip("is_censored:N", title="Days without stock"),
        ],
    )
    line = came.mark_line(strokeWidth=2, color=seen.primary)
    points = came.mark_point(size=70, filled=True, shape="diamond", color=seen.negative).transform_filter(
        alt.datum.is_censored
    )
    drawn: alt.LayerChart = band + expected + line + points
    if origin is not None:
        frame = pl.DataFrame({"period": [origin], "name": ["Origin"]})
        rule = alt.Chart(frame).mark_rule(strokeDash=[3, 3], color=seen.label).encode(x="period:T")
        name = (
            alt.Chart(frame)
            .mark_text(align="right", dx=-4, dy=-6, color=seen.label)
            .encode(x="period:T", y=alt.value(0), text="name:N")
        )
        drawn = drawn + rule + name
    chart: Drawing = drawn.properties(height=300)
    return chart


def curve(frame: pl.DataFrame, x: str, y: str, titles: tuple[str, str]) -> Drawing:
    """Draw a value over a share between 0 and 1, with a point for each choice. The titles are those of x and y."""
    base = alt.Chart(drawable(frame, value=y)).encode(
        x=alt.X(f"{x}:Q", title=titles[0], scale=alt.Scale(zero=False), axis=alt.Axis(format=".1%", tickCount=6)),
        y=alt.Y(f"{y}:Q", title=titles[1], axis=shortened(tickCount=5)),
        tooltip=[
            alt.Tooltip(f"{x}:Q", title=titles[0], format=".1%"),
            alt.Tooltip(f"{y}:Q", title=titles[1], format=",.2f"),
        ],
    )
    line = base.mark_line(strokeWidth=2, color=palette().primary)
    points = base.mark_point(filled=True, size=60, opacity=1, color=palette().primary)
    chart: Drawing = (line + points).properties(height=280)
    return chart
