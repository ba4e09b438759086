"""Instants of the simulation: its span, the rhythm of ordering, and the window of sent rows.

Instants are whole seconds since 1970 UTC in int64. An event that does not happen has the instant NEVER.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from orderhouse.simulate.draws import Draws, Ints
from orderhouse.simulate.options import SimulationOptions

NEVER = 1 << 50
MINUTE, HOUR, DAY = 60, 3600, 86400
BUSINESS_TIME_ZONE = "Europe/Berlin"

# Relative number of orders by hour of the day, and by weekday from Monday.
_BY_HOUR = [6, 3, 2, 1, 1, 2, 6, 12, 20, 26, 30, 32, 34, 32, 30, 30, 32, 36, 42, 50, 54, 46, 30, 14]
_BY_WEEKDAY = [105, 100, 98, 97, 92, 88, 120]


def midnight(day: date) -> int:
    """Return the first instant of a day in the business time zone."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(BUSINESS_TIME_ZONE)).timestamp())


def business_dates(instants: Ints) -> pl.Series:
    """Return the business day of each instant."""
    times = pl.Series("at", instants).cast(pl.Int64) * 1_000_000
    return times.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(BUSINESS_TIME_ZONE).dt.date()


@dataclass(frozen=True)
class Calendar:
    """Span and rhythm of one request.

    Attributes:
        start: First instant of the world.
        world_end: Last instant of the world without increments.
        since: Rows at or before this instant were sent by an earlier request (-1 for none).
        until: Rows after this instant have not happened yet.
        first_number: Number of the first new order.
        base_orders: Number of orders of the world itself.
        increment_orders, increment_seconds: Orders and length of each increment after it.
    """

    start: int
    world_end: int
    since: int
    until: int
    first_number: int
    base_orders: int
    increment_orders: int
    increment_seconds: int

    @classmethod
    def of(cls, options: SimulationOptions) -> Calendar:
        """Return the calendar of a request."""
        end = midnight(options.end + timedelta(days=1))
        start = midnight(options.end + timedelta(days=1 - options.days))
        length = options.increment_days * DAY
        since, until = -1, end
        if options.offset:
            since = end + (options.offset - options.base_orders) // options.orders * length
            until = since + length
        return cls(start, end, since, until, options.offset, options.base_orders, options.orders, length)

    @property
    def is_increment(self) -> bool:
        """Return whether the request continues an earlier world."""
        return self.since >= 0

    @property
    def first_day(self) -> int:
        """Return the day number (days since 1970, UTC) of the start."""
        return self.start // DAY

    @property
    def end_day(self) -> int:
        """Return the index of the world's last UTC day, counted from `first_day`."""
        return (self.world_end - 1) // DAY - self.first_day

    def placed_at(self, numbers: Ints, draws: Draws) -> Ints:
        """Return the instant at which each order was placed, in seconds since 1970.

        It rises with the number of the order, and follows hour, weekday, season and campaigns.
        """
        position = numbers + 0.999 * draws.share(numbers, "placed")
        later = np.maximum(position - self.base_orders, 0.0) / self.increment_orders
        edges, reached = self._rhythm()
        placed = np.interp(position / self.base_orders, reached, edges)
        after = self.world_end + later * self.increment_seconds
        return np.floor(np.where(numbers < self.base_orders, placed, after)).astype(np.int64) + 1

    def _rhythm(self) -> tuple[np.ndarray, np.ndarray]:
        edges = np.arange(self.start, self.world_end + HOUR, HOUR, dtype=np.int64)
        weights = np.array([_hour_weight(int(edge), self.start) for edge in edges[:-1]], dtype=np.float64)
        reached = np.concatenate([[0.0], np.cumsum(weights)])
        edges[-1] = self.world_end - 1
        return edges.astype(np.float64), reached / reached[-1]


def _hour_weight(instant: int, start: int) -> float:
    local = datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(BUSINESS_TIME_ZONE))
    campaign = 1.8 if local.day in (1, 15) else 1.0
    growth = 1.0 + (instant - start) / (400 * DAY)
    return _BY_HOUR[local.hour] * _BY_WEEKDAY[local.weekday()] * campaign * growth
