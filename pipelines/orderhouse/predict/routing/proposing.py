"""Predictor of routing: proposals for the open lines of each build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

import duckdb
import polars as pl

from orderhouse.predict.predictor import LastRun, Rhythm
from orderhouse.predict.routing.inputs import anything_to_route, read_world
from orderhouse.predict.routing.limits import DECISION_SECONDS
from orderhouse.predict.routing.policy import DEFAULT_POLICY, parse_policy
from orderhouse.predict.routing.reasons import cost_amount, parcels_by_order, reason_of
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord

__all__ = ["TABLE", "Routing", "currency_of", "propose"]

TABLE = "routing_proposals"
SCHEMA: dict[str, type[pl.DataType] | pl.DataType] = {
    "order_id": pl.String,
    "line_id": pl.String,
    "sku": pl.String,
    "ship_country": pl.String,
    "warehouse_id": pl.String,
    "quantity": pl.Int64,
    "parcels_count": pl.Int64,
    "cost_amount_reporting": pl.Decimal(18, 4),
    "hours_p90": pl.Float64,
    "hours_left": pl.Float64,
    "is_within_promise": pl.Boolean,
    "gap_rate": pl.Float64,
    "policy": pl.String,
    "reason": pl.String,
}
CURRENCY = """
    select as_of.reporting_currency, currencies.minor_digits from marts.as_of as as_of
    join seeds.currencies as currencies on currencies.currency = as_of.reporting_currency
"""


@dataclass(frozen=True)
class Routing:
    """Predictor that proposes warehouses for open lines.

    Attributes:
        policy: Name or aims of the policy, as `parse_policy` takes them.
    """

    policy: str = DEFAULT_POLICY

    name = "routing"
    tables = (TABLE,)

    @property
    def rhythm(self) -> Rhythm:
        """Return `run`: open lines are solved again at each run."""
        return "run"

    @property
    def model(self) -> str:
        """Return solver and policy, so that another policy makes new proposals due."""
        return f"OR-tools CP-SAT {version('ortools')}, {parse_policy(self.policy).name}"

    def of_home(self, settings: Settings) -> Routing:
        """Return the predictor with the policy of a home."""
        return replace(self, policy=settings.routing_policy)

    def due(self, home: Settings, built: BuildRecord, last: LastRun | None) -> bool:
        """Return whether the build, its clock or the policy is new and an open line has stock somewhere."""
        from orderhouse.predict.running import open_built_tables

        now = (built.batch_id, datetime.fromisoformat(built.as_of).replace(tzinfo=None), self.model)
        if last is not None and now == (last.batch_id, last.origin_at, last.model):
            return False
        with open_built_tables(home) as connection:
            return anything_to_route(connection)

    def compute(self, connection: duckdb.DuckDBPyConnection, clock: datetime) -> Mapping[str, pl.DataFrame]:
        """Return the proposals."""
        return {TABLE: propose(connection, clock, self.policy)}


def propose(
    connection: duckdb.DuckDBPyConnection, clock: datetime, policy: str, seconds: float = DECISION_SECONDS
) -> pl.DataFrame:
    """Return the proposals for the open lines of the last build, one row per line and warehouse.

    Args:
        connection: The tables of the last build, with `work`.
        clock: Its clock, in UTC and without zone.
        policy: Name or aims of a policy.
        seconds: Limit in deterministic seconds of the solver.
    """
    from orderhouse.predict.routing.deciding import decide  # OR-tools takes half a second to import

    chosen = parse_policy(policy)
    world = read_world(connection, clock)
    currency, digits = currency_of(connection)
    decided = decide(world, chosen, seconds)
    parcels = parcels_by_order(world, decided.plan)
    rows = []
    for take in sorted(decided.plan):
        number, warehouse = take
        line = world.lines[number]
        lane = world.lane(warehouse, line)
        is_known = line.hours_left is not None and lane.hours_p90 is not None
        rows.append(
            {
                "order_id": line.order_id,
                "line_id": line.line_id,
                "sku": line.sku,
                "ship_country": line.country,
                "warehouse_id": warehouse,
                "quantity": decided.plan[take],
                "parcels_count": len(parcels[line.order_id]),
                "cost_amount_reporting": cost_amount(lane.cost, digits) if lane.cost else None,
                "hours_p90": lane.hours_p90,
                "hours_left": line.hours_left,
                "is_within_promise": not world.is_late(warehouse, line) if is_known else None,
                "gap_rate": decided.gaps[number],
                "policy": chosen.name,
                "reason": reason_of(world, take, parcels[line.order_id], digits, currency),
            }
        )
    return pl.DataFrame(rows, schema=SCHEMA)


def currency_of(connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    """Return the reporting currency and the digits of its minor units."""
    ((currency, digits),) = connection.execute(CURRENCY).fetchall()
    return str(currency), int(digits)
