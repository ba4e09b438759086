"""Chart of predicted against observed shares, with the line on which both are the same."""

from __future__ import annotations

import altair as alt
import polars as pl

from orderhouse.charts.colours import palette
from orderhouse.charts.drawing import Drawing

__all__ = ["calibration"]


def calibration(frame: pl.DataFrame, predicted: str, observed: str, low: str, high: str, count: str) -> Drawing:
    """Draw a point for each group of predictions, with the range in which chance alone may put it.

    Args:
        frame: One row per group.
        predicted: Mean predicted probability.
        observed: Share of the group that came true.
        low: Lower end of the range around the prediction.
        high: Upper end of that range.
        count: Predictions in the group.
    """
    colours = palette()
    ends = [frame[name].cast(pl.Float64).max() for name in (observed, high)]
    top = max([0.1, *(float(end) for end in ends if isinstance(end, float))])
    scale = alt.Scale(domain=[0, min(1.0, top)], nice=True)
    base = alt.Chart(frame).encode(
        x=alt.X(f"{predicted}:Q", title="Predicted", scale=scale, axis=alt.Axis(format=".0%", tickCount=5)),
        tooltip=[
            alt.Tooltip(f"{predicted}:Q", title="Predicted", format=".1%"),
            alt.Tooltip(f"{observed}:Q", title="Late", format=".1%"),
            alt.Tooltip(f"{low}:Q", title="From", format=".1%"),
            alt.Tooltip(f"{high}:Q", title="To", format=".1%"),
            alt.Tooltip(f"{count}:Q", title="Predictions", format=",.0f"),
        ],
    )
    y = alt.Y(f"{low}:Q", title="Late", scale=scale, axis=alt.Axis(format=".0%", tickCount=5))
    spans = base.mark_rule(strokeWidth=3, color=colours.accent).encode(y=y, y2=f"{high}:Q")
    points = base.mark_point(filled=True, size=80, opacity=1, color=colours.primary).encode(y=f"{observed}:Q")
    line = pl.DataFrame({"x": [0.0, min(1.0, top)], "y": [0.0, min(1.0, top)]})
    same = alt.Chart(line).mark_line(strokeDash=[4, 4], color=colours.label).encode(x="x:Q", y="y:Q")
    chart: Drawing = (same + spans + points).properties(height=300)
    return chart
