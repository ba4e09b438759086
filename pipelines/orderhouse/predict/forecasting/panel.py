"""Panel: series of one level side by side, aligned to the last period that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["Flags", "Panel", "Values", "panel_of"]

Values = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Most periods of history that are read: three years of weeks, and two of days.
LONGEST = {7: 157, 1: 731}


@dataclass(frozen=True)
class Panel:
    """Series of one level.

    Attributes:
        series: Their dimensions, one row each, in the order of the rows of `actual`.
        actual: Values as they were, series × periods; nan before the first one of a series.
        adjusted: Values to learn from: those of censored periods are replaced.
        censored: True for periods in which stock was lacking, so that the value is a lower bound.
        first_date: First day of the first period.
        period_days: Days of a period.
        is_count: True for units; amounts are never intermittent counts, and may be below zero.
    """

    series: pl.DataFrame
    actual: Values
    adjusted: Values
    censored: Flags
    first_date: date
    period_days: int
    is_count: bool = True

    @property
    def origin(self) -> date:
        """Return the last day that is known."""
        return self.first_date + timedelta(days=self.actual.shape[1] * self.period_days - 1)

    def until(self, periods: int) -> Panel:
        """Return the panel as it was known when it had so many periods."""
        return replace(
            self,
            actual=self.actual[:, :periods],
            adjusted=adjusted_for_stock_outs(self.actual[:, :periods], self.censored[:, :periods]),
            censored=self.censored[:, :periods],
        )

    def only(self, chosen: Flags) -> Panel:
        """Return the panel of some series."""
        return replace(
            self,
            series=self.series.filter(pl.Series(chosen)),
            actual=self.actual[chosen],
            adjusted=self.adjusted[chosen],
            censored=self.censored[chosen],
        )


def panel_of(
    rows: pl.DataFrame,
    keys: list[str],
    last_date: date,
    period_days: int,
    outs: pl.DataFrame | None = None,
    *,
    is_count: bool = True,
) -> Panel:
    """Return the panel of long rows with the columns `keys`, `period` (first day of a period) and `value`.

    Args:
        rows: One row per series and period with a value; periods without a row count as zero.
        keys: Columns that name a series.
        last_date: First day of the last period that is known.
        period_days: Days of a period.
        outs: Periods without stock: `keys`, `period` and `days` without stock.
        is_count: True for units.
    """
    oldest = last_date - timedelta(days=period_days * (LONGEST[period_days] - 1))
    known = rows.filter(pl.col("period").is_between(oldest, last_date)).sort([*keys, "period"])
    series = known.select(keys).unique(maintain_order=True).with_row_index("number")
    if not series.height:
        empty = np.zeros((0, 0))
        return Panel(series.drop("number"), empty, empty, empty.astype(bool), last_date, period_days, is_count)
    first: date = known.select(pl.col("period").min()).item()
    periods = (last_date - first).days // period_days + 1
    actual = _dense(known, series, keys, first, period_days, periods, "value")
    seen = np.cumsum(actual != 0, axis=1) > 0
    censored = np.zeros(actual.shape, dtype=bool)
    if outs is not None and outs.height:
        inside = outs.filter(pl.col("period").is_between(first, last_date))
        censored = _dense(inside, series, keys, first, period_days, periods, "days") > 0
    actual = np.where(seen, actual, np.nan)
    return Panel(
        series.drop("number"),
        actual,
        adjusted_for_stock_outs(actual, censored),
        censored & seen,
        first,
        period_days,
        is_count,
    )


def adjusted_for_stock_outs(actual: Values, censored: Flags) -> Values:
    """Return the values, those of censored periods raised to the mean of the uncensored ones before, if that is more.

    A period without stock says that demand was at least what was sold. Only earlier periods are used, so that a value
    does not depend on what came later.
    """
    if not censored.any():
        return actual
    usable = ~censored & ~np.isnan(actual)
    sums = np.cumsum(np.where(usable, actual, 0.0), axis=1)
    counts = np.cumsum(usable, axis=1).astype(np.int64)
    window = 13
    before = np.zeros_like(sums)
    number = np.zeros_like(counts)
    before[:, 1:], number[:, 1:] = sums[:, :-1], counts[:, :-1]
    before[:, window + 1 :] -= sums[:, : -window - 1]
    number[:, window + 1 :] -= counts[:, : -window - 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = np.where(number > 0, before / number, 0.0)
    adjusted: Values = np.where(censored & ~np.isnan(actual), np.maximum(actual, usual), actual)
    return adjusted


def _dense(
    rows: pl.DataFrame,
    series: pl.DataFrame,
    keys: list[str],
    first: date,
    period_days: int,
    periods: int,
    column: str,
) -> Values:
    """Return series × periods of a column; zero where there is no row."""
    placed = rows.join(series, on=keys, how="inner", nulls_equal=True).select(
        "number", ((pl.col("period") - first).dt.total_days() // period_days).alias("at"), pl.col(column)
    )
    dense = np.zeros((series.height, periods))
    np.add.at(dense, (placed["number"].to_numpy(), placed["at"].to_numpy()), placed[column].cast(pl.Float64).to_numpy())
    return dense
