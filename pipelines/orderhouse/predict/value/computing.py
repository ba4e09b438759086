"""Expected purchases, value and the probability to buy again of customers, from the tables of a build."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import polars as pl

from orderhouse.predict.reading import frame_of
from orderhouse.predict.value.bg_nbd import BgNbd, fit_bg_nbd
from orderhouse.predict.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from orderhouse.predict.value.likelihood import Array, NotFitted
from orderhouse.storage.prediction_tables import PREDICTION_TABLES

__all__ = ["predicted_values"]

HORIZONS = (90, 365)
WEEK = 7.0
FREQUENCIES = """
    select customer_key, purchases_count, repeat_purchases_count, later_purchases_count, recency_days, observed_days,
        amount_reporting::double as amount, is_holdout, origin_date
    from work.intermediate.int_customer_frequencies
    order by customer_key, is_holdout
"""
VALUES = {name: kind for name, kind in PREDICTION_TABLES["customer_values"].items() if name != "run_id"}
TYPES = {"varchar": pl.String, "bigint": pl.Int64, "double": pl.Float64}


def predicted_values(connection: duckdb.DuckDBPyConnection) -> dict[str, pl.DataFrame]:
    """Return the values of the customers, or none with the sentence that says why, and the fit."""
    found = frame_of(connection, FREQUENCIES)
    now, before = found.filter(~pl.col("is_holdout")), found.filter("is_holdout")
    fit: dict[str, str | int | float | None] = {"customers_count": now.height}
    values = _frame({}, 0)
    try:
        purchases = fit_bg_nbd(*_times(now))
        fit |= {"r": purchases.r, "alpha": purchases.alpha, "a": purchases.a, "b": purchases.b}
        amounts = _amounts(now, fit)
        values = _values(now, purchases, amounts)
    except NotFitted as refused:
        fit["problem"] = refused.message
    fit |= _holdout(now, before)
    kinds = {name: TYPES[kind] for name, kind in PREDICTION_TABLES["customer_value_fits"].items()}
    del kinds["run_id"]
    fits = pl.DataFrame([{name: fit.get(name) for name in kinds}], schema=kinds)
    return {"customer_values": values, "customer_value_fits": fits}


def _times(frame: pl.DataFrame) -> tuple[Array, Array, Array]:
    """Return repeat purchases, and weeks to the last purchase and to the origin."""
    return (
        frame["repeat_purchases_count"].cast(pl.Float64).to_numpy(),
        frame["recency_days"].cast(pl.Float64).to_numpy() / WEEK,
        frame["observed_days"].cast(pl.Float64).to_numpy() / WEEK,
    )


def _amounts(frame: pl.DataFrame, fit: dict[str, str | int | float | None]) -> GammaGamma | None:
    """Fit the amounts; where that fails, the fit has the sentence that says why."""
    known = frame.filter(pl.col("amount") > 0)
    counts = known["purchases_count"].cast(pl.Float64).to_numpy()
    try:
        amounts = fit_gamma_gamma(counts, known["amount"].to_numpy() / counts)
    except NotFitted as refused:
        fit["problem"] = refused.message
        return None
    fit |= {"p": amounts.p, "q": amounts.q, "gamma": amounts.gamma}
    return amounts


def _values(frame: pl.DataFrame, purchases: BgNbd, amounts: GammaGamma | None) -> pl.DataFrame:
    times = _times(frame)
    columns: dict[str, Array | pl.Series] = {
        name: frame[name] for name in ("customer_key", "purchases_count", "recency_days", "observed_days")
    }
    columns["alive_probability"] = purchases.alive(*times)
    counts = frame["purchases_count"].cast(pl.Float64).to_numpy()
    # Who has a purchase without a rate has no known mean, and no expected value.
    mean = frame["amount"].to_numpy() / counts
    amount = np.full(frame.height, np.nan) if amounts is None else amounts.expected_amount(counts, mean)
    for days in HORIZONS:
        expected = purchases.expected_purchases(*times, days / WEEK)
        columns[f"expected_purchases_{days}"] = expected
        columns[f"expected_value_{days}"] = pl.Series(expected * amount).fill_nan(None)
    return _frame(columns, frame.height)


def _frame(columns: Mapping[str, Array | pl.Series], height: int) -> pl.DataFrame:
    series = [
        pl.Series(name, columns[name] if height else [], dtype=TYPES[kind]) for name, kind in VALUES.items()
    ]  # fmt: skip
    return pl.DataFrame(series)


def _holdout(now: pl.DataFrame, before: pl.DataFrame) -> dict[str, int | float | None]:
    """Return how well the purchases of the hold-out are expected, beside the historic average of each customer."""
    if before.is_empty():
        return {}
    days = (now["origin_date"][0] - before["origin_date"][0]).days
    times = _times(before)
    try:
        purchases = fit_bg_nbd(*times)
    except NotFitted:
        return {"holdout_days": days}
    actual = before["later_purchases_count"].cast(pl.Float64).to_numpy()
    expected = purchases.expected_purchases(*times, days / WEEK)
    repeats, _, observed = times
    average = np.where(observed > 0, repeats / np.maximum(observed, 1.0 / WEEK) * days / WEEK, 0.0)
    return {
        "holdout_days": days,
        "holdout_customers_count": before.height,
        "holdout_purchases_count": int(actual.sum()),
        "holdout_expected_purchases": float(expected.sum()),
        "holdout_average_purchases": float(average.sum()),
        "holdout_error": float(np.mean(np.abs(expected - actual))),
        "holdout_average_error": float(np.mean(np.abs(average - actual))),
    }
