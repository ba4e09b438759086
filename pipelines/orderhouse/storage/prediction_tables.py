"""Tables of predictions with their columns and types, which dbt reads as source `predictions`.

Every row names its run; the table `runs` says when a run was, what it predicted from, and by which model. Tables hold
no personal data: a customer is a `customer_key`. Predictors write them, each its own. A column that a table gains is
added to existing files, and none is taken away.
"""

from __future__ import annotations

__all__ = ["PREDICTION_TABLES", "RUNS"]

RUNS = "runs"

# Values are units or amounts of the reporting currency, rounded to six digits.
VALUE = "decimal(24, 6)"
SERIES = {
    "run_id": "varchar",
    "level": "varchar",
    "series_key": "varchar",
    "sku": "varchar",
    "warehouse_id": "varchar",
    "category": "varchar",
    "channel": "varchar",
    "model": "varchar",
    "is_intermittent": "boolean",
}
METHODS = ("", "baseline_", "average_")

PREDICTION_TABLES: dict[str, dict[str, str]] = {
    RUNS: {
        "run_id": "varchar",
        "predictor": "varchar",
        "model": "varchar",
        # The clock of the build that the predictions were computed from, in UTC. Nothing later was known to them.
        "origin_at": "timestamp",
        "predicted_at": "timestamp",
        "build_id": "varchar",
        "batch_id": "bigint",
        "rows_written": "bigint",
        "seconds": "double",
    },
    "routing_proposals": {
        "run_id": "varchar",
        "order_id": "varchar",
        "line_id": "varchar",
        "sku": "varchar",
        "ship_country": "varchar",
        "warehouse_id": "varchar",
        "quantity": "bigint",
        "parcels_count": "bigint",
        "cost_amount_reporting": "decimal(18, 4)",
        "hours_p90": "double",
        # Hours from the origin to the end of the promise.
        "hours_left": "double",
        "is_within_promise": "boolean",
        "gap_rate": "double",
        "policy": "varchar",
        "reason": "varchar",
    },
    "forecasts": {
        **SERIES,
        "reason": "varchar",
        # What the series was computed from; a series with the same digest is not computed again.
        "digest": "varchar",
        "origin_date": "date",
        "target_date": "date",
        "horizon": "bigint",
        "period_days": "bigint",
        "expected": VALUE,
        "p10": VALUE,
        "p50": VALUE,
        "p90": VALUE,
        "baseline": VALUE,
    },
    "backtests": {
        **SERIES,
        "first_origin_date": "date",
        "last_origin_date": "date",
        "origins_count": "bigint",
        "observations_count": "bigint",
        "scaled_count": "bigint",
        "actual_sum": "double",
        **{
            f"{method}{name}_sum": "double"
            for method in METHODS
            for name in ("absolute_error", "error", "scaled_error", "pinball", "covered")
        },
    },
    "customer_values": {
        "run_id": "varchar",
        "customer_key": "varchar",
        "purchases_count": "bigint",
        "recency_days": "bigint",
        "observed_days": "bigint",
        "expected_purchases_90": "double",
        "expected_purchases_365": "double",
        # In the reporting currency.
        "expected_value_90": "double",
        "expected_value_365": "double",
        "alive_probability": "double",
    },
    "customer_value_fits": {
        "run_id": "varchar",
        "problem": "varchar",
        "customers_count": "bigint",
        # BG/NBD in weeks.
        "r": "double",
        "alpha": "double",
        "a": "double",
        "b": "double",
        # Gamma-Gamma in the reporting currency.
        "p": "double",
        "q": "double",
        "gamma": "double",
        "holdout_days": "bigint",
        "holdout_customers_count": "bigint",
        "holdout_purchases_count": "bigint",
        "holdout_expected_purchases": "double",
        "holdout_average_purchases": "double",
        # Mean absolute error of the purchases of a customer.
        "holdout_error": "double",
        "holdout_average_error": "double",
    },
}
