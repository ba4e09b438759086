"""Parts that all charts share: the frame to draw, colours and tooltips."""

from __future__ import annotations

from typing import Any, TypeAlias

import altair as alt
import polars as pl

from orderhouse.charts.colours import palette
from orderhouse.wording import label

__all__ = ["Drawing", "colour_by", "drawable", "has_value", "legend", "shortened", "tooltip"]

Drawing: TypeAlias = alt.Chart | alt.LayerChart | alt.VConcatChart
Colour: TypeAlias = "alt.Color | alt.Value[str]"


def has_value(name: str) -> pl.Expr:
    """Return the condition that a point has a value: it is neither null nor NaN nor infinite."""
    return pl.col(name).cast(pl.Float64).is_finite().fill_null(value=False)


def drawable(frame: pl.DataFrame, *words: str | None, value: str | None = None) -> pl.DataFrame:
    """Return the frame with readable words, and with decimals as floats, which are exact enough to draw.

    Rows without a value are left out: they are no zero. `layout.drawing` says how many they are.
    """
    if value:
        frame = frame.filter(has_value(value))
    written = [pl.col(name).map_elements(label, return_dtype=pl.String, skip_nulls=False) for name in words if name]
    return frame.with_columns(pl.selectors.decimal().cast(pl.Float64), *written)


def colour_by(column: str | None, colours: dict[str, str] | None = None) -> Colour:
    """Colour marks by the words of a column, or all alike without one."""
    if column is None:
        return alt.value(palette().primary)
    words = [label(word) for word in colours or {}]
    scale = alt.Scale(domain=words, range=list(colours.values())) if colours else alt.Undefined
    return alt.Color(f"{column}:N", title=None, scale=scale, legend=legend())


def legend() -> alt.Legend:
    """Describe a legend above a chart: in one row, or in columns of three where a phone would cut the row."""
    return alt.Legend(orient="top", columns=alt.ExprRef("width < 420 ? 3 : 0"))


def shortened(**more: Any) -> alt.Axis:
    """Describe an axis of short numbers, such as 20k. Nothing is "0", not "0k"."""
    return alt.Axis(format="~s", labelExpr="datum.value === 0 ? '0' : datum.label", **more)


def tooltip(keys: list[tuple[str, str]], series: str | None, value: tuple[str, str, str]) -> list[alt.Tooltip]:
    """Describe a tooltip of key columns (name, type), a series and a value (column, title, format)."""
    formats = {"T": "%d %b %Y", "N": ""}
    tips = [alt.Tooltip(f"{name}:{kind}", title=label(name), format=formats[kind]) for name, kind in keys]
    if series:
        tips.append(alt.Tooltip(f"{series}:N", title=label(series)))
    return [*tips, alt.Tooltip(f"{value[0]}:Q", title=value[1], format=value[2])]
