"""The run of a simulation: lives in chunks, their records to files, the true results beside them.

The content of feeds and true results belongs in the modules of each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import decimals
from orderhouse.simulate.calendar import DAY, Calendar
from orderhouse.simulate.catalogue import Catalogue
from orderhouse.simulate.daily_truth import daily_truth
from orderhouse.simulate.delivery import Delivery
from orderhouse.simulate.draws import Draws, Ints
from orderhouse.simulate.files import FeedFiles, write_truth
from orderhouse.simulate.life import Lives, live
from orderhouse.simulate.line_truth import stock_truth
from orderhouse.simulate.options import TIDY, Mess, SimulationOptions
from orderhouse.simulate.order_feeds import order_lines_feed, orders_feed, payments_feed
from orderhouse.simulate.order_truth import order_truth
from orderhouse.simulate.parcel_feeds import returns_feed, shipments_feed, tracking_feed
from orderhouse.simulate.payout_feeds import payouts_feed
from orderhouse.simulate.people_feeds import actions_feed, carts_feed, feedback_feed
from orderhouse.simulate.price_feeds import price_lists_feed
from orderhouse.simulate.reference_feeds import customers_feed, fx_rates_feed, products_feed
from orderhouse.simulate.stock import StockFlows, inbound_feed, move_stock, stock_feed

ORDER_FEEDS: dict[str, Callable[[Lives, Catalogue], pl.DataFrame]] = {
    "orders": orders_feed,
    "order_lines": order_lines_feed,
    "payments": payments_feed,
    "shipments": shipments_feed,
    "tracking": tracking_feed,
    "returns": returns_feed,
    "carts": carts_feed,
    "feedback": feedback_feed,
    "actions": actions_feed,
}
FEEDS = [*ORDER_FEEDS, "stock", "inbound", "products", "customers", "fx_rates"]
Progress = Callable[[str, int, int], None]
_RECENT_DAYS = 14


@dataclass(frozen=True)
class Simulated:
    """Result of a simulation: rows per feed, number of feed files, injected mess rows per kind."""

    to: Path
    orders: int
    rows: dict[str, int]
    files: int
    mess: dict[str, int]


def simulate(
    orders: int, seed: int, to: Path, mess: Mess = TIDY, *, progress: Progress | None = None, **options: Any
) -> Simulated:
    """Write the feeds of a simulated merchant, `sources.yaml` and `truth/` into a folder.

    Args:
        orders: New orders.
        seed: Seed; the same seed and options give the same bytes.
        to: The folder; it is created, and existing files of the same names are replaced.
        mess: Mess of the delivery; none by default.
        progress: Called with (current step, done, total).
        options: Further fields of SimulationOptions: end, days, offset, base, touched, increment_days,
            orders_per_file, file_format, compression, truth_format, payouts,
            price_lists.

    Raises:
        ValueError: An option is out of its range.
    """
    return run(SimulationOptions(orders=orders, seed=seed, to=Path(to), mess=mess, **options), progress)


def run(options: SimulationOptions, progress: Progress | None = None) -> Simulated:
    """Carry out one request."""
    report = progress or (lambda what, done, total: None)
    draws = Draws(options.seed)
    catalogue = Catalogue.of(draws, Calendar.of(options))
    files = FeedFiles.of(options)
    truth_folder = options.to / "truth"
    truth_folder.mkdir(parents=True, exist_ok=True)
    simulation = _Simulation(options, catalogue, Delivery(options, draws, files), StockFlows.empty(catalogue))
    chunks = list(_chunks(options, catalogue))
    for part, numbers in enumerate(chunks, start=1):
        report("orders", part - 1, len(chunks))
        simulation.send_orders(part, numbers)
    report("stock and customers", len(chunks), len(chunks))
    simulation.send_the_rest()
    asked_for = {"payouts": options.payouts, "price_lists": options.price_lists}
    files.write_sources([*FEEDS, *(feed for feed, is_asked_for in asked_for.items() if is_asked_for)])
    report("done", len(chunks), len(chunks))
    delivery = simulation.delivery
    return Simulated(options.to, options.orders, dict(delivery.rows), sum(delivery.parts.values()), dict(delivery.mess))


@dataclass
class _Simulation:
    """State of one run: the delivery, and the sums that later feeds need."""

    options: SimulationOptions
    catalogue: Catalogue
    delivery: Delivery
    flows: StockFlows

    def __post_init__(self) -> None:
        people = self.catalogue.people
        newcomers = self.options.offset + self.options.orders - self.catalogue.calendar.base_orders
        self._first_placed = np.full(people + max(newcomers, 0) + 1, -1, dtype=np.int64)
        self._days: list[pl.DataFrame] = []
        self._payments: list[pl.DataFrame] = []

    def send_orders(self, part: int, numbers: Ints) -> None:
        """Compute one chunk of orders, send its records, and keep the sums that the remaining feeds need."""
        lives = live(numbers, self.catalogue)
        for feed, build in ORDER_FEEDS.items():
            records = build(lives, self.catalogue)
            self.delivery.deliver(feed, records)
            if feed == "payments" and self.options.payouts:
                self._payments.append(records)
        self.flows.add(lives)
        self._note_customers(lives)
        self._days.append(self._day_changes(lives))
        self._truth(f"orders-{part:04d}", order_truth(lives, self.catalogue))

    def send_the_rest(self) -> None:
        """Send the feeds that belong to no single order, late rows and the true results."""
        movements = move_stock(self.flows)
        self.delivery.deliver("stock", stock_feed(self.flows, movements))
        self.delivery.deliver("inbound", inbound_feed(self.flows, movements))
        self.delivery.deliver("products", products_feed(self.catalogue))
        self.delivery.deliver("fx_rates", fx_rates_feed(self.catalogue))
        if self._payments:
            self.delivery.deliver("payouts", payouts_feed(pl.concat(self._payments), self.catalogue.calendar))
        people = np.flatnonzero(self._first_placed >= 0).astype(np.int64)
        self.delivery.deliver("customers", customers_feed(people, self._first_placed[people], self.catalogue))
        if self.options.price_lists:
            self.delivery.deliver("price_lists", price_lists_feed(people, self.catalogue))
        self.delivery.finish()
        self._truth("on_hand", stock_truth(movements.level, dict(self.delivery.stray), self.catalogue))
        self._truth("daily", _decimal_days(pl.concat(self._days, how="diagonal")))
        self._truth("mess", self.delivery.mess_log())
        self._write_summary()

    def _note_customers(self, lives: Lives) -> None:
        """Record the first order of every account holder; in an increment only of the new ones."""
        orders, calendar = lives.orders, self.catalogue.calendar
        known = ~orders.is_guest & (orders.placed_at > calendar.since) & (orders.placed_at <= calendar.until)
        if calendar.is_increment:
            known &= orders.person >= self.catalogue.people
        person, placed_at = orders.person[known][::-1], orders.placed_at[known][::-1]
        first = self._first_placed
        earlier = first[person]
        first[person] = np.where(earlier >= 0, earlier, placed_at)

    def _day_changes(self, lives: Lives) -> pl.DataFrame:
        calendar = self.catalogue.calendar
        now = daily_truth(lives, calendar.until)
        if not calendar.is_increment:
            return now
        before = daily_truth(lives, calendar.since)
        sums = [name for name in before.columns if name not in ("business_date", "currency")]
        return pl.concat([now, before.with_columns(-pl.col(name) for name in sums)], how="diagonal")

    def _truth(self, name: str, frame: pl.DataFrame) -> None:
        middle = f"-{self.options.offset}" if self.options.offset else ""
        first, dash, rest = name.partition("-")
        write_truth(frame, self.options.to / "truth", f"{first}{middle}{dash}{rest}", self.options.truth_format)

    def _write_summary(self) -> None:
        summary = {
            "orders": self.options.orders,
            "seed": self.options.seed,
            "offset": self.options.offset,
            "until": _instant(self.catalogue.calendar.until),
            "rows": dict(sorted(self.delivery.rows.items())),
            "mess": dict(sorted(self.delivery.mess.items())),
        }
        middle = f"-{self.options.offset}" if self.options.offset else ""
        path = self.options.to / "truth" / f"summary{middle}.json"
        path.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _chunks(options: SimulationOptions, catalogue: Catalogue) -> Iterator[Ints]:
    """Yield order numbers by chunk; in an increment the existing orders that continue come first."""
    numbers = np.arange(options.offset, options.offset + options.orders, dtype=np.int64)
    if options.offset:
        numbers = np.concatenate([_going_on(options, catalogue), numbers])
    for start in range(0, len(numbers), options.orders_per_file):
        yield numbers[start : start + options.orders_per_file]


def _going_on(options: SimulationOptions, catalogue: Catalogue) -> Ints:
    """Return existing orders that an increment may change: some recent ones, the same in every increment of a chain."""
    base, calendar = options.base_orders, catalogue.calendar
    touched = options.orders // 4 if options.touched is None else options.touched
    recent = min(base, max(touched, base * _RECENT_DAYS // max((calendar.world_end - calendar.start) // DAY, 1)))
    candidates = np.arange(base - recent, base, dtype=np.int64)
    order = np.argsort(catalogue.draws.bits(candidates, "goes on"), kind="stable")
    return np.concatenate([np.sort(candidates[order[:touched]]), np.arange(base, options.offset, dtype=np.int64)])


def _decimal_days(days: pl.DataFrame) -> pl.DataFrame:
    """Add up the sums of the chunks and convert hundredths into decimals."""
    counts = ("units", "orders", "returned_units")
    sums = [name for name in days.columns if name not in ("business_date", "currency")]
    total = days.group_by("business_date", "currency").agg(pl.col(sums).sum()).sort("business_date", "currency")
    return total.select(
        "business_date",
        "currency",
        *(total[name] if name in counts else decimals(total[name].to_numpy()).alias(f"{name}_amount") for name in sums),
    )
