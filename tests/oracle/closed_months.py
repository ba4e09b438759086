"""Closed months: figures known at the instant of a closing against those of now, and the records that came in between.

The world is read twice, once with the rows received until the closing. Its figures are those of `figures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.days import business_day
from tests.oracle.figures import period_figures
from tests.oracle.journal import BALANCING
from tests.oracle.rates import MAXIMUM_AGE
from tests.oracle.rows import World, read_world
from tests.oracle.state import State
from tests.oracle.versions import Row, grouped

__all__ = ["Closing", "Subject", "causes", "closings_of", "known_world", "restatements"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
Subject = tuple[str, str]


@dataclass(frozen=True)
class Closing:
    """An accepted closing, with the days of its month."""

    row: Row
    first: date
    following: date

    @property
    def month(self) -> str:
        """Return the month."""
        return str(self.row["subject_id"])

    def holds(self, day: date) -> bool:
        """Return true for a day of the month."""
        return self.first <= day < self.following


def closings_of(world: World) -> list[Closing]:
    """Return the closings that count: the first one of each month after it has ended."""
    rows = [row for row in world.events("actions") if row["kind"] == "close_month"]
    rows.sort(key=lambda row: (row["occurred_at"], row["action_id"]))
    found: dict[str, Closing] = {}
    for row in rows:
        first = date.fromisoformat(f"{row['subject_id']}-01")
        following = (first + timedelta(days=31)).replace(day=1)
        if business_day(row["occurred_at"], world.time_zone) >= following:
            found.setdefault(str(row["subject_id"]), Closing(row, first, following))
    return list(found.values())


def known_world(raw_file: Path, world: World, closing: Closing) -> World:
    """Return the world with the rows received until the instant of a closing."""
    return read_world(
        raw_file, world.as_of, str(world.time_zone), world.reporting_currency, known_at=closing.row["occurred_at"]
    )


def restatements(closing: Closing, known: State, now: State) -> Cells:
    """Return the rows of fct_restatements of one month.

    What balances an order's entries in the reporting currency is not computed here, so a balance that differs in it
    alone is left out.
    """
    sides = [
        {key: cells for key, cells in period_figures(state).items() if closing.holds(key[-1])} for state in (known, now)
    ]
    found: Cells = {}
    for key in sides[0].keys() | sides[1].keys():
        before, after = (side.get(key) for side in sides)
        cells = _compared(before, after, "amount")
        if key[5] not in BALANCING:
            cells |= _compared(before, after, "amount_reporting")
        if any(each[0] != each[1] for each in cells.values()):
            found[(closing.month, *key)] = {
                f"{side}_{name}": value
                for name, (old, new) in cells.items()
                for side, value in (("closed", old), ("current", new), ("difference", _less(new, old)))
            }
    return found


def _compared(before: Row | None, after: Row | None, name: str) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    """Return both sides of an amount. A figure that one side does not have is zero there."""
    return {name: (ZERO if before is None else before[name], ZERO if after is None else after[name])}


def _less(new: Decimal | None, old: Decimal | None) -> Decimal | None:
    return None if new is None or old is None else new - old


def causes(closing: Closing, world: World, restated: Cells) -> set[tuple[str, Subject, str, str | None, Any]]:
    """Return month, subject, feed, file and record of what was received after a closing and touches a restated subject.

    Args:
        closing: The closing.
        world: The world of now.
        restated: The restatements of the month.
    """
    late = {
        feed: [row for row in rows if row["_received_at"] > closing.row["occurred_at"]]
        for feed, rows in world.feeds.items()
    }
    found: set[tuple[str, Subject, str, str | None, Any]] = set()
    for subject, cells in grouped(restated, lambda key: (key[8], key[9])).items():
        touching = list(_touching(world, late, subject)) + list(_rates_of(world, late["fx_rates"], subject, cells))
        for feed, row in touching:
            found.add((closing.month, subject, feed, row["_file_id"], row["_record"]))
        if not touching:
            found.add((closing.month, subject, "definitions", None, None))
    return found


def _touching(world: World, late: dict[str, list[Row]], subject: Subject) -> Iterator[tuple[str, Row]]:
    kind, name = subject

    def of(column: str, feed: str) -> set[Any]:
        """Return a column of the subject's rows in a feed, in all versions."""
        key = {"order": "order_id", "return": "return_id", "payout": "payout_id"}.get(kind)
        return {row[column] for row in world.feeds[feed] if key and row[key] == name and row[column]}

    tests: dict[str, Callable[[Row], bool]]
    if kind == "order":
        parcels, payments, skus = of("shipment_id", "shipments"), of("payment_id", "payments"), of("sku", "order_lines")
        numbers = {
            (row["carrier"], row["tracking_number"])
            for row in world.feeds["shipments"]
            if row["order_id"] == name and row["carrier"] and row["tracking_number"]
        }
        own: Callable[[Row], bool] = lambda row: row["order_id"] == name  # noqa: E731
        tests = dict.fromkeys(("orders", "order_lines", "payments", "shipments", "returns", "actions"), own)
        tests["tracking"] = lambda row: (
            row["shipment_id"] in parcels or (row["carrier"], row["tracking_number"]) in numbers
        )
        tests["payouts"] = lambda row: row["payment_id"] in payments
        tests["products"] = lambda row: row["sku"] in skus
    elif kind == "payout":
        tests = dict.fromkeys(("payments", "payouts"), lambda row: row["payout_id"] == name)
    elif kind == "return":
        skus = of("sku", "returns")
        tests = {"returns": lambda row: row["return_id"] == name, "products": lambda row: row["sku"] in skus}
    else:
        tests = dict.fromkeys(("stock", "products"), lambda row: row["sku"] == name)
    for feed, touches in tests.items():
        yield from ((feed, row) for row in late[feed] if touches(row))


def _rates_of(
    world: World, late: list[Row], subject: Subject, keys: list[tuple[Any, ...]]
) -> Iterator[tuple[str, Row]]:
    """Return the late rates that are in force on a restated day and convert a currency of the subject."""
    paid = {
        row["currency"] for row in world.feeds["payments"] if subject[0] == "order" and row["order_id"] == subject[1]
    }
    dated = {(currency, key[-1]) for key in keys for currency in {key[7], *paid}}
    dated = {each for each in dated if each[0] != world.reporting_currency}
    for row in late:
        for currency, day in dated:
            converts = currency in (row["base"], row["quote"]) or row["quote"] == world.reporting_currency
            if converts and row["rate_date"] <= day <= row["rate_date"] + MAXIMUM_AGE:
                yield "fx_rates", row
                break
