"""Predictor of customer value: when it is asked. What it computes belongs in `computing`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb
import polars as pl

from orderhouse.predict.predictor import LastRun, Rhythm
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord

__all__ = ["CustomerValue"]

# The fit hardly changes from day to day, and every run stores a row per customer.
EVERY = timedelta(days=7)


@dataclass(frozen=True)
class CustomerValue:
    """Predictor of `customer_values`, with one row of `customer_value_fits` per run."""

    name: str = "customer_value"
    model: str = "BG/NBD and Gamma-Gamma 1"
    rhythm: Rhythm = "day"
    tables: tuple[str, ...] = ("customer_values", "customer_value_fits")

    def due(self, home: Settings, built: BuildRecord, last: LastRun | None) -> bool:
        """Return true if the last prediction is a week old, or was made by another model."""
        if last is None or last.model != self.model:
            return True
        return datetime.fromisoformat(built.as_of) >= last.origin_at + EVERY

    def compute(self, connection: duckdb.DuckDBPyConnection, clock: datetime) -> Mapping[str, pl.DataFrame]:
        """Return the values of the customers, or none with the sentence that says why, and the fit."""
        # scipy takes a third of a second to import, and few commands predict.
        from orderhouse.predict.value.computing import predicted_values

        return predicted_values(connection)
