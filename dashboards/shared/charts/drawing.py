"""Parts that all charts share: the frame to draw, colours and tooltips."""

from __future__ import annotations

from typing import TypeAlias

import altair as alt
import polars as pl

from shared.colours import PRIMARY
from shared.formats import label

__all__ = ["Drawing", "colour_by", "drawable", "tooltip"]

Drawing: TypeAlias = alt.Chart | alt.LayerChart | alt.VConcatChart
Colour: TypeAlias = "alt.Color | alt.Value[str]"


def drawable(frame: pl.DataFrame, *words: str | None) -> pl.DataFrame:
    """Return the frame with readable words, and with decimals as floats, which are exact enough to draw."""
    written = [pl.col(name).map_elements(label, return_dtype=pl.String, skip_nulls=False) for name in words if name]
    return frame.with_columns(pl.selectors.decimal().cast(pl.Float64), *written)


def colour_by(column: str | None, colours: dict[str, str] | None = None) -> Colour:
    """Colour marks by the words of a column, or all alike without one."""
    if column is None:
        return alt.value(PRIMARY)
    words = [label(word) for word in colours or {}]
    scale = alt.Scale(domain=words, range=list(colours.values())) if colours else alt.Undefined
    return alt.Color(f"{column}:N", title=None, scale=scale, legend=alt.Legend(orient="top"))


def tooltip(keys: list[tuple[str, str]], series: str | None, value: tuple[str, str, str]) -> list[alt.Tooltip]:
    """Describe a tooltip of key columns (name, type), a series and a value (column, title, format)."""
    formats = {"T": "%d %b %Y", "N": ""}
    tips = [alt.Tooltip(f"{name}:{kind}", title=label(name), format=formats[kind]) for name, kind in keys]
    if series:
        tips.append(alt.Tooltip(f"{series}:N", title=label(series)))
    return [*tips, alt.Tooltip(f"{value[0]}:Q", title=value[1], format=value[2])]
