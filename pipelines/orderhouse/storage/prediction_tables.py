"""Tables of predictions with their columns and types, which dbt reads as source `predictions`.

Every row names its run; the table `runs` says when a run was, what it predicted from, and by which model. Tables hold
no personal data: a customer is a `customer_key`. Predictors write them, each its own. A column that a table gains is
added to existing files, and none is taken away.
"""

from __future__ import annotations

__all__ = ["PREDICTION_TABLES", "RUNS"]

RUNS = "runs"

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
