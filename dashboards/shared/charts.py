"""Charts from frames: one function per shape, axes titled, marks with tooltips. No numbers are made here."""

from __future__ import annotations

from typing import Any

import altair as alt
import polars as pl

from shared.formats import label

__all__ = [
    "MUTED",
    "PRIMARY",
    "SEVERITY_COLOURS",
    "bridge",
    "columns_over_time",
    "frame_of",
    "grid",
    "levels",
    "lines_over_time",
    "ranked",
    "shares",
    "timeline",
]

# Altair's fluent calls are untyped, so its kinds of chart are not told apart here.
Drawing = Any

PRIMARY = "#0f6e6e"
ACCENT = "#e0913a"
MUTED = "#b8c4c6"
NEGATIVE = "#c2393d"
SEVERITY_COLOURS = {"critical": "#8f1d28", "high": "#c2393d", "medium": "#c9701d", "low": "#2f6fab"}
SCALE = ["#f1f7f6", "#cde5e3", "#87bfbb", "#3d928e", "#0f6665", "#043a3a"]


def lines_over_time(
    frame: pl.DataFrame, x: str, y: str, title: str, *, series: str | None = None, per_cent: bool = False
) -> Drawing:
    """Draw one line per series over days."""
    base = alt.Chart(_plain(frame, series)).encode(
        x=alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False)),
        y=alt.Y(f"{y}:Q", title=title, axis=alt.Axis(format="%" if per_cent else "~s", tickCount=5)),
        tooltip=_tooltip([(x, "T")], series, (y, title, ".1%" if per_cent else ",.2f")),
    )
    colour = alt.Color(f"{series}:N", title=None, legend=alt.Legend(orient="top")) if series else alt.value(PRIMARY)
    line = base.mark_line(strokeWidth=2).encode(color=colour)
    points = base.mark_point(size=60, opacity=0).encode(color=colour)
    return (line + points).properties(height=260)


def columns_over_time(
    frame: pl.DataFrame, x: str, y: str, title: str, *, series: str | None = None, height: int = 260
) -> Drawing:
    """Draw columns per day, stacked by series."""
    colour = alt.Color(f"{series}:N", title=None, legend=alt.Legend(orient="top")) if series else alt.value(PRIMARY)
    return (
        alt.Chart(_plain(frame, series))
        .mark_bar()
        .encode(
            x=alt.X(f"yearmonthdate({x}):T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False)),
            y=alt.Y(f"{y}:Q", title=title, stack="zero", axis=alt.Axis(format="~s", tickCount=5)),
            color=colour,
            tooltip=_tooltip([(x, "T")], series, (y, title, ",.2f")),
        )
        .properties(height=height)
    )


def ranked(
    frame: pl.DataFrame,
    name: str,
    value: str,
    title: str,
    *,
    colour: str | None = None,
    colours: dict[str, str] | None = None,
) -> Drawing:
    """Draw horizontal bars in the order of the rows, with their values written at the end."""
    order = list(dict.fromkeys(label(word) for word in frame[name]))
    base = alt.Chart(_plain(frame, name, colour)).encode(
        x=alt.X(
            f"{value}:Q",
            title=title,
            axis=alt.Axis(format="~s", tickCount=4, tickMinStep=1),
            scale=alt.Scale(padding=24),
        ),
        y=alt.Y(
            f"{name}:N",
            title=None,
            sort=order,
            axis=alt.Axis(labelLimit=220, labelOverlap=False, ticks=False, domain=False),
        ),
        tooltip=_tooltip([(name, "N")], colour, (value, title, ",.2~f")),
    )
    bars = base.mark_bar(cornerRadiusEnd=3, height={"band": 0.68}).encode(color=_colour(colour, colours))
    text = base.mark_text(align="left", dx=5, color="#4a5a5f").encode(text=alt.Text(f"{value}:Q", format=",.3~s"))
    return (bars + text).properties(height=28 * len(order) + (110 if colour else 75))


def shares(frame: pl.DataFrame, name: str, part: str, value: str, title: str, order: list[str]) -> Drawing:
    """Draw horizontal bars split into ordered parts, light to dark."""
    rows = frame.group_by(name).agg(pl.col(value).sum()).sort(value, name, descending=[True, False])
    ranks = pl.col(part).replace_strict(order, range(len(order)), default=None).alias("rank")
    return (
        alt.Chart(_plain(frame.with_columns(ranks), name))
        .mark_bar(height={"band": 0.68})
        .encode(
            x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(format="~s", tickCount=4, tickMinStep=1)),
            y=alt.Y(
                f"{name}:N",
                title=None,
                sort=[label(word) for word in rows[name]],
                axis=alt.Axis(labelLimit=220, labelOverlap=False, ticks=False, domain=False),
            ),
            color=alt.Color(
                f"{part}:N",
                title=None,
                sort=order,
                scale=alt.Scale(domain=order, range=SCALE[1:]),
                legend=alt.Legend(orient="top"),
            ),
            order="rank:Q",
            tooltip=_tooltip([(name, "N")], part, (value, title, ",.0f")),
        )
        .properties(height=28 * rows.height + 130)
    )


def frame_of(pairs: list[tuple[str, Any]], name: str, value: str) -> pl.DataFrame:
    """Turn named numbers into rows that can be drawn."""
    return pl.DataFrame({name: [pair[0] for pair in pairs], value: [float(pair[1]) for pair in pairs]})


def bridge(steps: list[tuple[str, float, bool]], title: str) -> Drawing:
    """Draw a waterfall. A step is (name, signed amount, whether it is a total standing on zero)."""
    drawn, level = [], 0.0
    for name, amount, is_total in steps:
        start, end = (0.0, amount) if is_total else (level, level + amount)
        kind = "Total" if is_total else "Adds" if amount >= 0 else "Takes away"
        drawn.append({"step": name, "from": start, "to": end, "top": max(start, end), "amount": amount, "kind": kind})
        level = end
    base = alt.Chart(pl.DataFrame(drawn)).encode(
        x=alt.X(
            "step:N",
            title=None,
            sort=[name for name, _, _ in steps],
            axis=alt.Axis(labelAngle=0, labelLimit=130, ticks=False),
        ),
        tooltip=[alt.Tooltip("step:N", title="Step"), alt.Tooltip("amount:Q", title=title, format=",.2f")],
    )
    colours = alt.Scale(domain=["Total", "Adds", "Takes away"], range=[PRIMARY, "#5fb0b7", NEGATIVE])
    bars = base.mark_bar(cornerRadius=2, width={"band": 0.62}).encode(
        y=alt.Y("from:Q", title=title, axis=alt.Axis(format="~s", tickCount=5)),
        y2="to:Q",
        color=alt.Color("kind:N", title=None, scale=colours, legend=alt.Legend(orient="top")),
    )
    text = base.mark_text(dy=-8, color="#4a5a5f").encode(y="top:Q", text=alt.Text("amount:Q", format=",.3~s"))
    return (bars + text).properties(height=320)


def grid(
    frame: pl.DataFrame,
    x: str,
    y: str,
    value: str,
    titles: tuple[str, str, str],
    *,
    per_cent: bool = False,
    y_descending: bool = True,
) -> Drawing:
    """Draw a heat map with the value in every cell; titles are those of x, y and value."""
    form = ".0%" if per_cent else ",.3~s"
    middle = max(frame[value].cast(pl.Float64).to_list(), default=0.0) / 2
    base = alt.Chart(_plain(frame)).encode(
        x=alt.X(f"{x}:O", title=titles[0], axis=alt.Axis(labelAngle=0, ticks=False, domain=False)),
        y=alt.Y(
            f"{y}:O",
            title=titles[1],
            sort="descending" if y_descending else "ascending",
            axis=alt.Axis(ticks=False, domain=False),
        ),
        tooltip=[
            alt.Tooltip(f"{x}:O", title=titles[0]),
            alt.Tooltip(f"{y}:O", title=titles[1]),
            alt.Tooltip(f"{value}:Q", title=titles[2], format=form),
        ],
    )
    cells = base.mark_rect(cornerRadius=3, stroke="white", strokeWidth=2).encode(
        color=alt.Color(f"{value}:Q", legend=None, scale=alt.Scale(range=SCALE))
    )
    text = base.mark_text().encode(
        text=alt.Text(f"{value}:Q", format=form),
        color=alt.condition(alt.datum[value] > middle, alt.value("white"), alt.value("#1d2b2f")),
    )
    return (cells + text).properties(height=max(220, 44 * frame[y].n_unique() + 60))


def levels(
    frame: pl.DataFrame, x: str, level: str, moves: str, titles: tuple[str, str], *, mark: float | None = None
) -> Drawing:
    """Draw a stock level as steps over its daily movements, with a rule at the reorder point."""
    axis = alt.X(f"{x}:T", title=None, axis=alt.Axis(format="%d %b", labelOverlap=True, grid=False))
    data = _plain(frame)
    # A step between few movements needs its ends marked to be seen.
    points: Any = {"color": PRIMARY, "size": 30} if frame.height <= 30 else False
    stock = (
        alt.Chart(data)
        .mark_area(interpolate="step-after", line={"color": PRIMARY}, point=points, color=PRIMARY, opacity=0.18)
        .encode(
            x=axis,
            y=alt.Y(f"{level}:Q", title=titles[0]),
            tooltip=_tooltip([(x, "T")], None, (level, titles[0], ",.0f")),
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
            color=alt.condition(alt.datum[moves] < 0, alt.value(NEGATIVE), alt.value("#5fb0b7")),
            tooltip=_tooltip([(x, "T")], None, (moves, titles[1], "+,.0f")),
        )
    )
    return alt.vconcat(
        stock.properties(height=230, width="container"), moved.properties(height=90, width="container"), spacing=8
    ).resolve_scale(x="shared")


def timeline(frame: pl.DataFrame, at: str, lane: str, event: str) -> Drawing:
    """Draw events as points on one lane per feed."""
    base = alt.Chart(_plain(frame, lane, event)).encode(
        x=alt.X(f"{at}:T", title=None, axis=alt.Axis(format="%d %b %H:%M", labelOverlap=True)),
        y=alt.Y(f"{lane}:N", title=None, axis=alt.Axis(ticks=False, domain=False, labelLimit=160, grid=True)),
        tooltip=[
            alt.Tooltip(f"{at}:T", title="At", format="%d %b %Y %H:%M"),
            alt.Tooltip(f"{lane}:N", title="Feed"),
            alt.Tooltip(f"{event}:N", title="Event"),
        ],
    )
    points = base.mark_circle(size=110, opacity=0.9).encode(color=alt.Color(f"{lane}:N", legend=None))
    # Beyond a dozen events their names would cover each other; they stand in the tooltips then.
    names = base.mark_text(align="left", dx=9, dy=-9, color="#4a5a5f").encode(
        text=f"{event}:N" if frame.height <= 12 else alt.value("")
    )
    return (points + names).properties(height=40 * frame[lane].n_unique() + 60)


def _colour(column: str | None, colours: dict[str, str] | None) -> Any:
    if column is None:
        return alt.value(PRIMARY)
    words = [label(word) for word in colours or {}]
    scale = alt.Scale(domain=words, range=list(colours.values())) if colours else alt.Undefined
    return alt.Color(f"{column}:N", title=None, scale=scale, legend=alt.Legend(orient="top"))


def _tooltip(keys: list[tuple[str, str]], series: str | None, value: tuple[str, str, str]) -> list[alt.Tooltip]:
    formats = {"T": "%d %b %Y", "N": ""}
    tips = [alt.Tooltip(f"{name}:{kind}", title=label(name), format=formats[kind]) for name, kind in keys]
    if series:
        tips.append(alt.Tooltip(f"{series}:N", title=label(series)))
    return [*tips, alt.Tooltip(f"{value[0]}:Q", title=value[1], format=value[2])]


def _plain(frame: pl.DataFrame, *words: str | None) -> pl.DataFrame:
    """Make a frame drawable: words as people write them, and decimals as floats, since pixels need no cents."""
    written = [pl.col(name).map_elements(label, return_dtype=pl.String, skip_nulls=False) for name in words if name]
    return frame.with_columns(pl.selectors.decimal().cast(pl.Float64), *written)
