"""Predictor: the interface that everything which predicts has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import duckdb
import polars as pl

from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord

__all__ = ["Configured", "LastRun", "Predictor", "Rhythm"]

# `run`: with each run of the main job. `day`: with the daily schedule, and by `orderhouse predict`.
Rhythm = Literal["run", "day"]


@dataclass(frozen=True)
class LastRun:
    """The last run of a predictor that stored predictions.

    Attributes:
        origin_at: Clock that it predicted from, in UTC and without zone.
        predicted_at: Instant of the run, in UTC and without zone.
        build_id: The build whose tables it read.
        batch_id: The last batch of that build.
        model: Its model.
    """

    origin_at: datetime
    predicted_at: datetime
    build_id: str
    batch_id: int
    model: str


class Predictor(Protocol):
    """Something that predicts.

    Attributes:
        name: Name, as `orderhouse predict` takes it.
        model: Name and version of its model, stored with each run.
        rhythm: When it is asked.
        tables: The tables that it writes, of `PREDICTION_TABLES`.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def rhythm(self) -> Rhythm: ...  # noqa: D102
    @property
    def tables(self) -> tuple[str, ...]: ...  # noqa: D102

    def due(self, home: Settings, built: BuildRecord, last: LastRun | None) -> bool:
        """Return whether there is anything to predict that the last run did not. This opens no large table."""
        ...

    def compute(self, connection: duckdb.DuckDBPyConnection, clock: datetime) -> Mapping[str, pl.DataFrame]:
        """Return the rows to append by table, without `run_id`.

        Args:
            connection: The tables of the last build, read-only: `marts`, `ops` and `work.intermediate`; earlier
                predictions as `predictions.predictions`.
            clock: The clock of that build, in UTC and without zone. Nothing later may be used.
        """
        ...


@runtime_checkable
class Configured(Protocol):
    """A predictor that settings of a home configure."""

    def of_home(self, settings: Settings) -> Predictor:
        """Return the predictor as the home configures it."""
        ...
