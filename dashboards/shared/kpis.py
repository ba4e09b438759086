"""KPIs of a period and their daily values, formatted for the pages. `orderhouse.serve.kpis` has the query."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from orderhouse.serve.kpis import kpis_of_periods

from shared import formats
from shared.access import Row, Version
from shared.layout import Direction, Figure
from shared.periods import Period

__all__ = ["Judged", "figures_of", "judged", "series_of", "written"]

DIRECTIONS: dict[str, Direction] = {"up": "up", "down": "down"}
# KPIs that have no value on days that are not final, and a sentence about the days that their figure is of.
OVER_LATER = {
    "retention_90d": "Retention, 90 days, is of customers with a first purchase {period}: their 90 days are over.",
}
SERIES = """
    select business_date, kpi, dimension_value, sum(numerator) as numerator, sum(denominator) as denominator
    from marts.fct_kpi_daily
    where dimension = ? and kpi = any(?) and business_date between ? and ?
    group by business_date, kpi, dimension_value
    order by business_date, dimension_value
"""


@dataclass(frozen=True)
class Judged:
    """One KPI of a period against its target.

    Attributes:
        figure: Its figure.
        owner: Team that owns it.
        verdict: The target in words, and whether the figure is final.
        is_met: True if the target is met; None if that is not judged.
        state: The judgement in words, or why there is none.
    """

    figure: Figure
    owner: str
    verdict: str
    is_met: bool | None
    state: str


def final_until(version: Version, name: str) -> date | None:
    """Return the last day whose figure of a KPI is final; later days can still change."""
    found = version.row("select mature_after_days as days from marts.kpi_catalogue where kpi = ?", (name,))["days"]
    return version.business_date - timedelta(days=found) if found else None


def final_period(version: Version, name: str, period: Period) -> Period:
    """Return a period moved back until all its days are final for a KPI."""
    last = min(final_until(version, name) or period.last, period.last)
    return Period(last - timedelta(days=period.days - 1), last)


def figures_of(version: Version, names: list[str], period: Period) -> list[Figure]:
    """Return the named KPIs that the version has, in the given order, with change and trend.

    A KPI of `OVER_LATER` is of the latest period of the same length whose days are all final, and says so.
    """
    found: dict[str, Figure] = {}
    for name in names:
        over = final_period(version, name, period) if name in OVER_LATER else period
        daily = series_of(version, [name], over)
        for row in _rows(version, [name], over):
            note = OVER_LATER[name].format(period=over) if name in OVER_LATER else None
            found[name] = replace(_figure(version, row, daily), note=note)
    return list(found.values())


def judged(version: Version, names: list[str], period: Period) -> list[Judged]:
    """Return the named KPIs that the version has, in the given order, each against its target."""
    daily = series_of(version, names, period)
    return [_judge(version, row, daily.filter(kpi=row["kpi"])) for row in _rows(version, names, period)]


def _rows(version: Version, names: list[str], period: Period) -> list[Row]:
    """Return the catalogue rows and values of the named KPIs."""
    before = period.previous
    found = version.rows(kpis_of_periods(), (period.first, period.last, before.first, before.last))
    known = {row["kpi"]: row for row in found.iter_rows(named=True)}
    return [known[name] for name in names if name in known]


def _judge(version: Version, kpi: Row, daily: pl.DataFrame) -> Judged:
    target, value = kpi["target"], kpi["recent"]
    verdict = "No target" if target is None else f"Target {written(version, kpi['unit'], target)}"
    is_met = None
    if target is not None and value is not None and kpi["direction"] in DIRECTIONS:
        gap = float(value) - float(target)
        is_met = gap >= 0 if kpi["direction"] == "up" else gap <= 0
    not_final = ", not final" if kpi["immature_days"] else ""
    return Judged(_figure(version, kpi, daily), kpi["owner"], verdict + not_final, is_met, _state(kpi, is_met))


def _state(kpi: Row, is_met: bool | None) -> str:
    """Return the judgement of a KPI in words. One that is better neither higher nor lower is not judged."""
    if is_met is not None:
        return "On target" if is_met else "Off target"
    if kpi["target"] is None:
        return "No target"
    return "No value" if kpi["recent"] is None else "Not judged"


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


def _figure(version: Version, kpi: Row, daily: pl.DataFrame) -> Figure:
    target = f" Target: {written(version, kpi['unit'], kpi['target'])}." if kpi["target"] is not None else ""
    immature = kpi["immature_days"]
    return Figure(
        name=kpi["name"],
        value=written(version, kpi["unit"], kpi["recent"]),
        help=f"{kpi['formula']}.{_quotient(kpi)}{target} Owner: {formats.label(kpi['owner']).lower()}.{_age(kpi)}",
        change=_change(kpi["unit"], kpi["compared"], kpi["compared_with"]),
        against="on days of equal age" if immature else "on the previous period",
        good=DIRECTIONS.get(kpi["direction"], "neither"),
        trend=daily["value"].to_list() if daily.height > 1 else None,
        is_final=not immature,
    )


def _quotient(kpi: Row) -> str:
    """Return the sums that a ratio is made of, so that its value can be reproduced."""
    if kpi["aggregation"] not in ("ratio", "last") or kpi["numerator"] is None or not kpi["denominator"]:
        return ""
    return f" Here: {formats.exact(kpi['numerator'])} ÷ {formats.exact(kpi['denominator'])}."


def _age(kpi: Row) -> str:
    """Return a sentence about the days whose figures may still change."""
    days = kpi["immature_days"]
    if not days:
        return ""
    return (
        f" A day is final after {formats.counted(kpi['mature_after_days'], 'day')}; "
        f"{days} of the period's days {'is' if days == 1 else 'are'} not."
    )


def written(version: Version, unit: str, value: Decimal | float | None) -> str:
    """Write a value in the unit of its KPI."""
    if unit == version.currency:
        return formats.short_money(value, version.currency)
    if unit == "share":
        return formats.per_cent(value)
    if unit == "hours":
        return formats.hours(value)
    if unit == "count":
        return formats.compact(value)
    return formats.DASH if value is None else f"{formats.decimal(value, 2)} {unit}"


def _change(unit: str, now: float | None, before: float | None) -> str | None:
    if now is None or not before:
        return None
    if unit == "share":
        return f"{formats.change((now - before) * 100)} pp"
    return f"{formats.change((now / before - 1) * 100)} %"
