"""Brier scores and calibration of delivery risk in a built home: `python tests/benchmarks/delivery_risk.py HOME`."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

SCORES = """
    select age_days, sum(predictions_count)::bigint, sum(late_count) / sum(predictions_count),
        (sum(squared_error_sum) / sum(predictions_count))::double,
        (sum(base_squared_error_sum) / sum(predictions_count))::double
    from marts.fct_delivery_risk_accuracy group by age_days order by age_days
"""
TENTHS = """
    select decile, sum(predictions_count)::bigint as predictions,
        (sum(probability_sum) / predictions)::double as predicted, sum(late_count) / predictions as late,
        abs(predicted - late) <= greatest(0.03, 3 * sqrt(predicted * (1 - predicted) / predictions)) as is_calibrated
    from marts.fct_delivery_risk_accuracy where age_days = ? group by decile order by decile
"""


def main(home: Path) -> None:
    """Print the scores of each age and the tenths of its predictions."""
    with duckdb.connect(str(home / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        for age, predictions, late, brier, base in connection.execute(SCORES).fetchall():
            print(
                f"after {age} days: {predictions} predictions, {late:.4f} late, Brier {brier:.5f}, base rate {base:.5f}"
            )
            for decile, count, predicted, observed, is_calibrated in connection.execute(TENTHS, [age]).fetchall():
                print(f"  {decile:2} {count:6} {predicted:.3f} {observed:.3f}{'' if is_calibrated else ' outside'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
