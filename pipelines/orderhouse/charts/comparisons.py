"""Charts that compare: ranked bars, shares, the revenue bridge and grids."""

from __future__ import annotations

import altair as alt
import polars as pl

from orderhouse.charts.colours import SCALE, TEXT_ON_DARK, TEXT_ON_LIGHT, palette
from orderhouse.charts.drawing import Drawing, colour_by, drawable, legend, shortened, tooltip
from orderhouse.wording import label

__all__ = ["bridge", "counted", "frame_of", "grid", "intervals", "ranked", "shares"]


def ranked(
    frame: pl.DataFrame,
    name: str,
    value: str,
    title: str,
    *,
    colour: str | None = None,
    colours: dict[str, str] | None = None,
) -> Drawing:
    """Draw horizontal bars in the order of the rows, each with its value at the end."""
    order = list(dict.fromkeys(label(word) for word in frame[name]))
    base = alt.Chart(drawable(frame, name, colour, value=value)).encode(
        x=alt.X(
            f"{value}:Q",
            title=title,
            axis=shortened(tickCount=4, tickMinStep=1),
            scale=alt.Scale(padding=24),
        ),
        y=alt.Y(
            f"{name}:N",
            title=None,
            sort=order,
            axis=alt.Axis(labelLimit=220, labelOverlap=False, ticks=False, domain=False),
        ),
        tooltip=tooltip([(name, "N")], colour, (value, title, ",.2~f")),
    )
    bars = base.mark_bar(cornerRadiusEnd=3, height={"band": 0.68}).encode(color=colour_by(colour, colours))
    text = base.mark_text(align="left", dx=5, color=palette().label).encode(text=alt.Text(f"{value}:Q", format=",.3~s"))
    chart: Drawing = (bars + text).properties(height=28 * len(order) + (110 if colour else 75))
    return chart


def shares(frame: pl.DataFrame, name: str, part: str, value: str, title: str, order: list[str]) -> Drawing:
    """Draw horizontal bars that are split into ordered parts, from faint to strong."""
    rows = frame.group_by(name).agg(pl.col(value).sum()).sort(value, name, descending=[True, False])
    ranks = pl.col(part).replace_strict(order, range(len(order)), default=None).alias("rank")
    chart: Drawing = (
        alt.Chart(drawable(frame.with_columns(ranks), name, value=value))
        .mark_bar(height={"band": 0.68})
        .encode(
            x=alt.X(f"{value}:Q", title=title, axis=shortened(tickCount=4, tickMinStep=1)),
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
                scale=alt.Scale(domain=order, range=palette().steps),
                legend=legend(),
            ),
            order="rank:Q",
            tooltip=tooltip([(name, "N")], part, (value, title, ",.0f")),
        )
        .properties(height=28 * rows.height + 130)
    )
    return chart


def counted(frame: pl.DataFrame, x: str, y: str, titles: tuple[str, str], *, series: str | None = None) -> Drawing:
    """Draw columns of counted things over ordered buckets, stacked by series. The titles are those of x and y."""
    chart: Drawing = (
        alt.Chart(drawable(frame, series))
        .mark_bar()
        .encode(
            x=alt.X(f"{x}:O", title=titles[0], axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y(f"{y}:Q", title=titles[1], stack="zero", axis=shortened(tickCount=5, tickMinStep=1)),
            color=colour_by(series),
            tooltip=[
                alt.Tooltip(f"{x}:O", title=titles[0]),
                *([alt.Tooltip(f"{series}:N", title=label(series))] if series else []),
                alt.Tooltip(f"{y}:Q", title=titles[1], format=",.0f"),
            ],
        )
        .properties(height=240)
    )
    return chart


def frame_of(pairs: list[tuple[str, float]], name: str, value: str) -> pl.DataFrame:
    """Return named numbers as rows to draw."""
    return pl.DataFrame({name: [pair[0] for pair in pairs], value: [float(pair[1]) for pair in pairs]})


def bridge(steps: list[tuple[str, float, bool]], title: str) -> Drawing:
    """Draw a waterfall of steps. A step is a name, a signed amount, and a flag for totals, which start at zero."""
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
            # Names of the steps side by side do not fit a phone, which would leave every second one out.
            axis=alt.Axis(
                labelAngle=alt.ExprRef("width < 560 ? -45 : 0"),
                labelAlign=alt.ExprRef("width < 560 ? 'right' : 'center'"),
                labelOverlap=False,
                labelLimit=130,
                ticks=False,
            ),
        ),
        tooltip=[alt.Tooltip("step:N", title="Step"), alt.Tooltip("amount:Q", title=title, format=",.2f")],
    )
    seen = palette()
    colours = alt.Scale(domain=["Total", "Adds", "Takes away"], range=[seen.primary, seen.positive, seen.negative])
    bars = base.mark_bar(cornerRadius=2, width={"band": 0.62}).encode(
        y=alt.Y("from:Q", title=title, axis=shortened(tickCount=5)),
        y2="to:Q",
        color=alt.Color("kind:N", title=None, scale=colours, legend=legend()),
    )
    text = base.mark_text(dy=-8, color=palette().label).encode(y="top:Q", text=alt.Text("amount:Q", format=",.3~s"))
    chart: Drawing = (bars + text).properties(height=320)
    return chart


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
    """Draw a heat map with the value in every cell. The titles are those of x, y and value."""
    form = ".0%" if per_cent else ",.3~s"
    values = frame[value].cast(pl.Float64).drop_nulls().to_list()
    middle = (min(values, default=0.0) + max(values, default=0.0)) / 2  # of the scale of colours
    base = alt.Chart(drawable(frame, value=value)).encode(
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
    cells = base.mark_rect(cornerRadius=3, stroke=palette().paper, strokeWidth=2).encode(
        color=alt.Color(f"{value}:Q", legend=None, scale=alt.Scale(range=SCALE))
    )
    text = base.mark_text().encode(
        text=alt.Text(f"{value}:Q", format=form),
        color=alt.condition(alt.datum[value] > middle, alt.value(TEXT_ON_DARK), alt.value(TEXT_ON_LIGHT)),
    )
    chart: Drawing = (cells + text).properties(height=max(220, 44 * frame[y].n_unique() + 60))
    return chart


def intervals(
    frame: pl.DataFrame, name: str, value: str, low: str, high: str, title: str, *, noun: str = "Campaign"
) -> Drawing:
    """Draw a point with its interval for each row, and a rule at zero. `noun` says of what a row is."""
    order = [label(word) for word in frame[name]]
    colours = palette()
    base = alt.Chart(drawable(frame, name, value=value)).encode(
        y=alt.Y(f"{name}:N", title=None, sort=order, axis=alt.Axis(labelLimit=220, labelOverlap=False, ticks=False)),
        tooltip=[
            alt.Tooltip(f"{name}:N", title=noun),
            alt.Tooltip(f"{value}:Q", title=title, format=",.2f"),
            alt.Tooltip(f"{low}:Q", title="From", format=",.2f"),
            alt.Tooltip(f"{high}:Q", title="To", format=",.2f"),
        ],
    )
    spans = base.mark_rule(strokeWidth=3, color=colours.accent).encode(x=alt.X(f"{low}:Q", title=title), x2=f"{high}:Q")
    points = base.mark_point(filled=True, size=90, opacity=1, color=colours.primary).encode(x=f"{value}:Q")
    zero = alt.Chart(pl.DataFrame({"zero": [0.0]})).mark_rule(strokeDash=[4, 4], color=colours.label).encode(x="zero:Q")
    chart: Drawing = (zero + spans + points).properties(height=44 * len(order) + 60)
    return chart
