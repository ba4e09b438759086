"""KPIs of a period: sums of `marts.fct_kpi_daily`, with their definitions from `marts.kpi_catalogue`."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from shared import formats
from shared.access import Row, Version
from shared.layout import Direction, Figure
from shared.periods import Period

__all__ = ["catalogue", "figures_of", "series_of"]

DIRECTIONS: dict[str, Direction] = {"up": "up", "down": "down"}
# A day without a value, for example without an exchange rate, leaves the sum of the period empty: no partial sums.
# The value of a level is that of the last day.
SUMS = """
    with days as (
        select
            daily.kpi, daily.numerator, daily.denominator, daily.business_date >= ? as is_now,
            catalogue.aggregation in ('last', 'point') as is_level,
            row_number() over (
                partition by daily.kpi, daily.business_date >= ? order by daily.business_date desc
            ) = 1 as is_newest
        from marts.fct_kpi_daily as daily
        inner join marts.kpi_catalogue as catalogue on catalogue.kpi = daily.kpi
        where daily.dimension = 'all' and daily.business_date between ? and ?
    )
    select
        kpi, is_now,
        case when count(numerator) = count(*) then sum(numerator) end as numerator,
        case when count(denominator) = count(*) then sum(denominator) end as denominator,
        count(denominator) = 0 as is_sum
    from days
    where is_newest or not is_level
    group by kpi, is_now
"""

SERIES = """
    select business_date, kpi, dimension_value, sum(numerator) as numerator, sum(denominator) as denominator
    from marts.fct_kpi_daily
    where dimension = ? and kpi = any(?) and business_date between ? and ?
    group by business_date, kpi, dimension_value
    order by business_date, dimension_value
"""


def catalogue(version: Version) -> dict[str, Row]:
    """Return the row of every KPI in the catalogue, by its key."""
    found = version.rows("select kpi, name, formula, unit, direction, owner, target from marts.kpi_catalogue")
    return {row["kpi"]: row for row in found.iter_rows(named=True)}


def figures_of(version: Version, names: list[str], period: Period) -> list[Figure]:
    """Return the named KPIs that the version has, in the given order, with change and trend."""
    known = catalogue(version)
    found = version.rows(SUMS, (period.first, period.first, period.previous.first, period.last))
    sums = {(row["kpi"], row["is_now"]): row for row in found.iter_rows(named=True)}
    daily = series_of(version, names, period)
    return [
        _figure(version, known[name], sums.get((name, True)), sums.get((name, False)), daily.filter(kpi=name))
        for name in names
        if name in known
    ]


def series_of(version: Version, names: list[str], period: Period, dimension: str = "all") -> pl.DataFrame:
    """Return the daily values of KPIs: business_date, kpi, dimension_value and value (a float, for charts)."""
    found = version.rows(SERIES, (dimension, names, period.first, period.last))
    value = (
        pl.when(pl.col("denominator").is_null())
        .then("numerator")
        .otherwise(pl.col("numerator") / pl.col("denominator"))
    )
    floats = found.with_columns(pl.col("numerator", "denominator").cast(pl.Float64))
    return floats.select("business_date", "kpi", "dimension_value", value=value).filter(pl.col("value").is_finite())


def _figure(version: Version, kpi: Row, recent: Row | None, earlier: Row | None, daily: pl.DataFrame) -> Figure:
    now, before = _value(recent), _value(earlier)
    target = f" Target: {_written(version, kpi['unit'], kpi['target'])}." if kpi["target"] is not None else ""
    return Figure(
        name=kpi["name"],
        value=_written(version, kpi["unit"], now),
        help=f"{kpi['formula']}.{_quotient(recent)}{target} Owner: {formats.label(kpi['owner']).lower()}.",
        change=_change(kpi["unit"], now, before),
        against="on the previous period",
        good=DIRECTIONS.get(kpi["direction"], "neither"),
        trend=daily["value"].to_list() if daily.height > 1 else None,
    )


def _quotient(sums: Row | None) -> str:
    """Return the sums that a ratio is made of, so that its value can be reproduced."""
    if sums is None or sums["is_sum"] or sums["numerator"] is None or not sums["denominator"]:
        return ""
    return f" Here: {formats.exact(sums['numerator'])} ÷ {formats.exact(sums['denominator'])}."


def _value(sums: Row | None) -> Decimal | None:
    if sums is None:
        return None
    numerator: Decimal | None = sums["numerator"]
    denominator: Decimal | None = sums["denominator"]
    if sums["is_sum"] or numerator is None:
        return numerator
    return numerator / denominator if denominator else None


def _written(version: Version, unit: str, value: Decimal | None) -> str:
    if unit == version.currency:
        return formats.short_money(value, version.currency)
    if unit == "share":
        return formats.per_cent(value)
    if unit == "hours":
        return formats.hours(value)
    if unit == "count":
        return formats.compact(value)
    return formats.DASH if value is None else f"{value:,.2f} {unit}"


def _change(unit: str, now: Decimal | None, before: Decimal | None) -> str | None:
    if now is None or not before:
        return None
    if unit == "share":
        return f"{(now - before) * 100:+.1f} pp"
    return f"{(now / before - 1) * 100:+.1f} %"
