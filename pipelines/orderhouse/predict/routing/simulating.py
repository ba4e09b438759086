"""Simulation: past orders of a published version, replayed under several policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from orderhouse.predict.routing.history import read_past
from orderhouse.predict.routing.policy import Policy
from orderhouse.predict.routing.reasons import cost_amount
from orderhouse.predict.routing.replaying import PATIENCE_DAYS, replay

__all__ = ["Row", "Simulated", "simulate"]


@dataclass(frozen=True)
class Row:
    """Result that one policy would have given.

    Attributes:
        policy: Its name.
        parcels: Parcels.
        promised: Parcels with a promise and a known time.
        on_time: Those of them that would probably have kept it.
        cost: Cost of the parcels in the reporting currency.
        cancelled_units: Units cancelled for want of stock.
        waiting_units: Units that still waited when the replay ended.
        worst_gap: Greatest gap of a day; None if the policy weighs nothing.
    """

    policy: str
    parcels: int
    promised: int
    on_time: int
    cost: Decimal
    cancelled_units: int
    waiting_units: int
    worst_gap: float | None

    @property
    def on_time_rate(self) -> float | None:
        """Return the share of the promised parcels that would have been in time; None if nothing was promised."""
        return self.on_time / self.promised if self.promised else None


@dataclass(frozen=True)
class Simulated:
    """Replays of the same orders, one for each policy, in the order in which the policies were given."""

    first: date
    last: date
    orders: int
    units: int
    currency: str
    rows: tuple[Row, ...]


def _say_nothing(policy: str, share: float) -> None:
    """Do nothing after a day."""


def simulate(
    connection: duckdb.DuckDBPyConnection,
    first: date,
    last: date,
    policies: Sequence[Policy],
    patience_days: int = PATIENCE_DAYS,
    told: Callable[[str, float], None] = _say_nothing,
) -> Simulated:
    """Replay the orders placed on some business days.

    Args:
        connection: A published version with all rows.
        first: First business day.
        last: Last business day.
        policies: The policies, at least one.
        patience_days: Days after which a line without stock is cancelled.
        told: Called after each day with the policy that is replayed, and the share of all work that is done.

    Raises:
        OrderhouseError: The days are not in order or too many, or nothing was placed on them.
    """
    past = read_past(connection, first, last)
    rows, orders, units = [], 0, 0
    for number, policy in enumerate(policies):

        def _told(done: int, of: int, before: int = number, name: str = policy.name) -> None:
            told(name, (before + done / of) / len(policies))

        found = replay(past, policy, patience_days, _told)
        orders, units = found.orders, found.units
        cost = cost_amount(found.cost, past.digits)
        rows.append(
            Row(
                found.policy,
                found.parcels,
                found.promised,
                found.on_time,
                cost,
                found.cancelled_units,
                found.waiting_units,
                found.worst_gap if policy.aims else None,
            )
        )
    return Simulated(first, last, orders, units, past.currency, tuple(rows))
