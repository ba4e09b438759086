"""Handling of orders before they leave: holds, cancellations, promises, picking and packing.

It works on whole lives; the readers cut off what has not happened at the world's end. Parcels on their way belong in
`parcels`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orderhouse.simulate.calendar import DAY, HOUR, NEVER
from orderhouse.simulate.catalogue import GOODS, WAREHOUSES, Catalogue
from orderhouse.simulate.draws import Bools, Draws, Ints
from orderhouse.simulate.orders import PREPAID, SAMPLE, Lines, Orders
from orderhouse.simulate.parcels import Pieces, Shipments, send_parcels

REASONS = ("customer_request", "fraud_suspected", "out_of_stock", "payment_failed")


PAYMENT_FAILED = 3


@dataclass(frozen=True)
class Handling:
    """Per order: the instant from which it may ship, holds, and the cancellation of the whole order."""

    paid_at: Ints
    pays_never: Bools
    failed_first: Bools
    held_at: Ints
    released_at: Ints
    confirmed_at: Ints
    moved_at: Ints
    moved_promise: Ints
    cancelled_at: Ints
    cancel_reason: Ints
    hides_cancel_time: Bools


@dataclass(frozen=True)
class Fulfilment:
    """The handling, parcels and deliveries of a set of orders."""

    handling: Handling
    line_cancelled: Ints
    line_cancelled_at: Ints
    pieces: Pieces
    shipments: Shipments
    first_shipped_at: Ints
    delivered_at: Ints


def fulfil_orders(orders: Orders, lines: Lines, catalogue: Catalogue) -> Fulfilment:
    """Handle, pick, ship and deliver orders; an order is delivered with its last piece, NEVER if one is not."""
    draws = catalogue.draws
    paid_at, failed_first, pays_never = _payment_clears(orders, draws)
    held_at, released_at = _holds(orders, draws)
    cancelled, cancelled_at = _cancel_lines(orders, lines, draws)
    ready = np.maximum(paid_at, np.where(held_at < NEVER, released_at, 0))
    stays = orders.is_test | draws.chance(orders.number, "forgotten", 0.006)
    ready = np.where(stays, NEVER, ready)
    planned = _plan_pieces(orders, lines, cancelled, cancelled_at, ready, catalogue)
    order_cancelled_at, reason = _cancel_orders(orders, planned, pays_never, draws)
    line_gone = order_cancelled_at[lines.order] < NEVER
    cancelled_at = np.where(line_gone, NEVER, cancelled_at)
    cancelled = np.where(line_gone, 0, cancelled)
    pieces, shipments = _pack(orders, lines, planned, order_cancelled_at, draws)
    moved_at, moved_promise = _move_promises(orders, planned, order_cancelled_at, draws)
    handling = Handling(
        paid_at=paid_at,
        pays_never=pays_never,
        failed_first=failed_first,
        held_at=held_at,
        released_at=released_at,
        confirmed_at=np.where(draws.chance(orders.number, "confirmed", 0.01), orders.placed_at + 2 * HOUR, NEVER),
        moved_at=moved_at,
        moved_promise=moved_promise,
        cancelled_at=order_cancelled_at,
        cancel_reason=reason,
        hides_cancel_time=draws.chance(orders.number, "cancel time unknown", 0.1),
    )
    first, last = _shipped_and_delivered(len(orders), pieces, shipments)
    return Fulfilment(handling, cancelled, cancelled_at, pieces, shipments, first, last)


@dataclass(frozen=True)
class _Planned:
    """The pieces that would ship if no order were cancelled, with first and last instants per order."""

    line: Ints
    order: Ints
    quantity: Ints
    day: Ints
    shipped_at: Ints
    first_of_order: Ints
    last_of_order: Ints


def _payment_clears(orders: Orders, draws: Draws) -> tuple[Ints, Bools, Bools]:
    """Return the instant of clearance, whether a first attempt failed, and whether every attempt failed."""
    key = orders.number
    prepaid = (orders.terms == PREPAID) & (orders.order_type != SAMPLE)
    failed = prepaid & draws.chance(key, "fails", 0.05)
    never = failed & draws.chance(key, "fails for good", 0.25)
    seconds = draws.between(key, "pays", 20, 180) + np.where(failed, draws.between(key, "retries", 120, 3 * HOUR), 0)
    return np.where(never, NEVER, orders.placed_at + seconds), failed, never


def _holds(orders: Orders, draws: Draws) -> tuple[Ints, Ints]:
    held = draws.chance(orders.number, "held", 0.008)
    held_at = np.where(held, orders.placed_at + draws.between(orders.number, "hold", 300, 1500), NEVER)
    released = held & draws.chance(orders.number, "released", 0.85)
    wait = draws.between(orders.number, "release", 3 * HOUR, 3 * DAY)
    return held_at, np.where(released, held_at + wait, NEVER)


def _cancel_lines(orders: Orders, lines: Lines, draws: Draws) -> tuple[Ints, Ints]:
    hit = draws.chance(lines.key, "line cancelled", 0.025) & (orders.order_type[lines.order] != SAMPLE)
    whole = draws.chance(lines.key, "line wholly", 0.7)
    part = draws.between(lines.key, "line part", 1, np.maximum(lines.quantity - 1, 1))
    quantity = np.where(hit, np.where(whole, lines.quantity, part), 0)
    at = orders.placed_at[lines.order] + draws.between(lines.key, "line cancel", 600, 10 * HOUR)
    return quantity, np.where(hit, at, NEVER)


def _plan_pieces(
    orders: Orders, lines: Lines, cancelled: Ints, cancelled_at: Ints, ready: Ints, catalogue: Catalogue
) -> _Planned:
    draws = catalogue.draws
    to_ship = np.where((lines.kind == GOODS) & (ready[lines.order] < NEVER), lines.quantity - cancelled, 0)
    halves = (to_ship >= 2) & draws.chance(lines.key, "in two", 0.04)
    second = np.where(halves, to_ship // 2, 0)
    every = np.arange(len(lines), dtype=np.int64)
    line = np.concatenate([every[to_ship > 0], every[second > 0]])
    wave = np.concatenate([np.zeros(int((to_ship > 0).sum())), np.ones(int((second > 0).sum()))]).astype(np.int64)
    quantity = np.where(wave == 1, second[line], (to_ship - second)[line])
    order = lines.order[line]
    picked = ready[order] + draws.waiting(orders.number, "handling", 9 * HOUR)[order]
    picked = np.maximum(picked, np.where(cancelled_at[line] < NEVER, cancelled_at[line] + HOUR, 0))
    day = -((6 * HOUR - picked) // DAY) - catalogue.calendar.first_day
    later = draws.chance(lines.key, "second wave", 0.08)[line]
    day = day + np.where(later, draws.between(lines.key, "wave", 1, 4)[line], 0) + 2 * wave
    day = _working_day(day, lines.product[line] * len(WAREHOUSES) + lines.warehouse[line], catalogue)
    moment = draws.between(orders.number[order] * 8192 + day * 4 + lines.warehouse[line], "picked", 6 * HOUR, 20 * HOUR)
    shipped_at = (day + catalogue.calendar.first_day) * DAY + moment
    first = np.full(len(orders), NEVER, dtype=np.int64)
    last = np.full(len(orders), -1, dtype=np.int64)
    np.minimum.at(first, order, shipped_at)
    np.maximum.at(last, order, shipped_at)
    return _Planned(line, order, quantity, day, shipped_at, first, last)


def _working_day(day: Ints, cell: Ints, catalogue: Catalogue) -> Ints:
    """Return the next day from `day` on that is not a Sunday and has stock in the cell."""
    for _ in range(2):
        day = day + ((day + catalogue.calendar.first_day + 3) % 7 == 6)
        day = catalogue.in_stock_day(cell, day)
    return day


def _cancel_orders(orders: Orders, planned: _Planned, pays_never: Bools, draws: Draws) -> tuple[Ints, Ints]:
    """Return the instant and reason of the whole order's cancellation, for a few orders after a first shipment."""
    key = orders.number
    wants = draws.chance(key, "cancels", 0.06)
    wanted_at = orders.placed_at + 300 + draws.waiting(key, "cancel", 6 * HOUR)
    in_time = wants & (wanted_at < planned.first_of_order - HOUR)
    too_late = wants & ~in_time & draws.chance(key, "cancels too late", 0.03)
    at = np.where(in_time, wanted_at, NEVER)
    at = np.where(too_late, planned.first_of_order + DAY, at)
    unpaid = pays_never & draws.chance(key, "given up", 0.7)
    at = np.where(unpaid, orders.placed_at + DAY, at)
    reason = np.where(unpaid, PAYMENT_FAILED, draws.pick(key, "reason", [80, 8, 12]))
    return at, reason


def _pack(
    orders: Orders, lines: Lines, planned: _Planned, cancelled_at: Ints, draws: Draws
) -> tuple[Pieces, Shipments]:
    leaves = planned.shipped_at < cancelled_at[planned.order]
    line, order, quantity = planned.line[leaves], planned.order[leaves], planned.quantity[leaves]
    warehouse = lines.warehouse[line]
    # Unique per order, day and warehouse: 8192 is 2048 days times 4 warehouses.
    combined = orders.number[order] * 8192 + planned.day[leaves] * 4 + warehouse
    key, first, shipment = np.unique(combined, return_index=True, return_inverse=True)
    shipped_at = planned.shipped_at[leaves][first]
    shipments = send_parcels(orders, key, order[first], warehouse[first], shipped_at, draws)
    return Pieces(line, order, shipment.astype(np.int64), quantity), shipments


def _move_promises(orders: Orders, planned: _Planned, cancelled_at: Ints, draws: Draws) -> tuple[Ints, Ints]:
    """Return a later promise for orders that wait for stock, and for some others."""
    key = orders.number
    waits = (planned.last_of_order < NEVER) & (planned.last_of_order > orders.promised_at)
    moves = (waits & draws.chance(key, "tells", 0.8)) | draws.chance(key, "promise moves", 0.03)
    at = orders.placed_at + draws.between(key, "moved", 2 * HOUR, 2 * DAY)
    promise = np.maximum(orders.promised_at, np.where(waits, planned.last_of_order, 0)) + 3 * DAY
    at = np.where(moves & (at < cancelled_at), at, NEVER)
    return at, promise // DAY * DAY + 18 * HOUR


def _shipped_and_delivered(count: int, pieces: Pieces, shipments: Shipments) -> tuple[Ints, Ints]:
    first = np.full(count, NEVER, dtype=np.int64)
    last = np.full(count, -1, dtype=np.int64)
    np.minimum.at(first, pieces.order, shipments.shipped_at[pieces.shipment])
    np.maximum.at(last, pieces.order, shipments.delivered_at[pieces.shipment])
    return first, np.where(last < 0, NEVER, last)
