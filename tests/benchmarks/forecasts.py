"""Accuracy and cost of forecasts: the wholesaler's weeks, a world of known demand, and processor seconds by series.

Run as `python -m tests.benchmarks.forecasts [HOME]`. HOME is a built home of the data set `online_retail`; without it
one is built from `ORDERHOUSE_TEST_DATA`.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from orderhouse.predict.forecasting.backtest import Backtest, backtest
from orderhouse.predict.forecasting.panel import panel_of
from orderhouse.predict.forecasts import CALENDAR, DEMAND
from orderhouse.predict.reading import frame_of
from orderhouse.predict.running import open_built_tables
from orderhouse.settings import Settings

from tests.integration.running import real_data, run_steps
from tests.predict.forecasting.panels import panel_from, smooth_world

BEST = 200
HORIZON = 4


def shown(result: Backtest, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    """Return WAPE, pinball loss, bias, MASE and coverage of each method over some series, one line each."""
    lines = []
    for method, sums in result.sums.items():
        actual, count = result.actual[chosen].sum(), result.observations[chosen].sum()
        wape, bias = sums.absolute_error[chosen].sum() / actual, sums.error[chosen].sum() / actual
        loss, covered = sums.pinball[chosen].sum() / count, sums.covered[chosen].sum() / count
        mase = sums.scaled_error[chosen].sum() / result.scaled[chosen].sum()
        lines.append(
            f"  {method:9} WAPE {wape:6.1%}  pinball {loss:8.3f}  bias {bias:+6.1%}  MASE {mase:5.3f}  "
            f"p10-p90 {covered:6.1%}"
        )
    return "\n".join(lines)


def of_home(home: Path) -> None:
    """Print the accuracy on the SKUs of a home that sold most units, over eight origins."""
    with open_built_tables(Settings(home=home)) as connection:
        today = frame_of(connection, CALENDAR).item()
        demand = frame_of(connection, DEMAND).group_by("sku", "period").agg(pl.col("value").sum())
    best = demand.group_by("sku").agg(pl.col("value").sum()).sort(["value", "sku"], descending=True).head(BEST)
    monday = today - timedelta(days=today.weekday())
    panel = panel_of(demand.join(best, on="sku", how="semi"), ["sku"], monday - timedelta(days=7), 7)
    began = time.process_time()
    result = backtest(panel, HORIZON, origins=8, step=2)
    seconds = time.process_time() - began
    periods = panel.actual.shape[1]
    print(f"{panel.actual.shape[0]} SKUs, {periods} weeks to {panel.origin}, 8 origins every 2 weeks, {seconds:.1f} s")
    print(shown(result, np.ones(len(result.actual), dtype=bool)))
    print(f"the {int((~result.final.intermittent).sum())} that are not intermittent")
    print(shown(result, ~result.final.intermittent))
    models, numbers = np.unique(result.final.chosen, return_counts=True)
    print("  models:", ", ".join(f"{name} {number}" for name, number in zip(models, numbers, strict=True)))


def of_known_worlds() -> None:
    """Print the accuracy where the distribution of demand is known."""
    values, _ = smooth_world(300, 60)
    print("world of steady demand, 300 series of 60 weeks")
    result = backtest(panel_from(values), HORIZON, origins=8, step=2)
    print(shown(result, np.ones(300, dtype=bool)))
    draws = np.random.default_rng(3)
    counts = draws.negative_binomial(draws.uniform(0.2, 1.2, (300, 1)), 0.5, (300, 60)).astype(float)
    print("world of rare demand, 300 series of 60 weeks")
    print(shown(backtest(panel_from(counts), HORIZON, origins=8, step=2), np.ones(300, dtype=bool)))


def of_cost(series: int) -> None:
    """Print the processor seconds of training, as the daily schedule does it, on series of two years."""
    values, _ = smooth_world(series, 104)
    rare = np.random.default_rng(7).poisson(0.4, values.shape).astype(float)
    for name, panel in (("steady", panel_from(values)), ("rare", panel_from(rare))):
        began = time.process_time()
        backtest(panel, 8)
        print(f"{series:,} {name} series of 104 weeks: {time.process_time() - began:.1f} processor seconds")


def main(arguments: list[str]) -> None:
    """Run every part."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(arguments[0]) if arguments else Path(folder) / "home"
        if not arguments:
            home.mkdir()
            run_steps(home, real_data("online_retail", home))
        of_home(home)
    of_known_worlds()
    of_cost(1_000)


if __name__ == "__main__":
    main(sys.argv[1:])
