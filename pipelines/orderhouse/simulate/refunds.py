"""Refunds of cancelled orders and lines, lost parcels and returned units, and of goodwill; never more than was paid.

Captures and disputes belong in `payments`.
"""

from __future__ import annotations

import numpy as np

from orderhouse.simulate.calendar import DAY, HOUR, NEVER
from orderhouse.simulate.draws import Bools, Draws, Ints
from orderhouse.simulate.fulfilment import Fulfilment
from orderhouse.simulate.orders import Lines, Orders
from orderhouse.simulate.owing import line_tax, line_value
from orderhouse.simulate.payment_book import (
    GOODWILL,
    RETURN,
    SLOT_CANCEL_REFUND,
    SLOT_CAPTURED,
    SLOT_GOODWILL,
    SLOT_LINE_REFUND,
    SLOT_LOST_REFUND,
    SLOT_RETURN_REFUND,
    PaymentBook,
)
from orderhouse.simulate.returning import Returns


def refund_orders(
    book: PaymentBook,
    orders: Orders,
    lines: Lines,
    fulfilment: Fulfilment,
    returns: Returns,
    captured: Ints,
    captured_at: Ints,
    overpaid: Ints,
    draws: Draws,
) -> Ints:
    """Write the refunds, never more than was captured; return each order's total."""
    key, handling = orders.number, fulfilment.handling
    left = captured.copy()

    def refund(slot: int, happens: Bools, amount: Ints, at: Ints, tax: Ints | int = 0, purpose: int = 0) -> None:
        paid_back = np.where(happens & (captured > 0) & (amount > 0) & (amount <= left), amount, 0)
        at = np.maximum(at, np.where(captured_at < NEVER, captured_at + HOUR, NEVER))
        goods = None if purpose == 0 else np.where(paid_back > 0, paid_back - tax, 0)
        book.write(
            slot, "refunded", paid_back > 0, paid_back, at, parent=SLOT_CAPTURED, goods=goods, tax=tax, purpose=purpose
        )
        # Each refund lowers the amount that is left for the next.
        left[:] = left - np.where(at < NEVER, paid_back, 0)

    gone = (handling.cancelled_at < NEVER) & (fulfilment.first_shipped_at == NEVER)
    at = handling.cancelled_at + HOUR + draws.waiting(key, "refund", 20 * HOUR)
    refund(SLOT_CANCEL_REFUND, gone & draws.chance(key, "refunds cancellation", 0.88), captured, at)
    line_gone_at = np.full(len(orders), -1, dtype=np.int64)
    np.maximum.at(line_gone_at, lines.order, np.where(fulfilment.line_cancelled > 0, fulfilment.line_cancelled_at, -1))
    paid_too_much = (captured_at < line_gone_at) & draws.chance(key, "refunds line", 0.93)
    refund(SLOT_LINE_REFUND, paid_too_much & ~gone, overpaid, line_gone_at + 2 * HOUR)
    lost, lost_at = _lost_value(orders, lines, fulfilment)
    refund(SLOT_LOST_REFUND, draws.chance(key, "refunds loss", 0.7), lost, lost_at + DAY)
    goodwill = captured // (10 * orders.step) * orders.step
    happy = draws.chance(key, "goodwill", 0.008) & (fulfilment.delivered_at < NEVER)
    refund(SLOT_GOODWILL, happy, goodwill, fulfilment.delivered_at + 3 * DAY, purpose=GOODWILL)
    value, tax = _returned_value(orders, lines, fulfilment, returns)
    at = returns.received_at + draws.between(key, "refunds return", DAY, 4 * DAY)
    pays_back = draws.chance(key, "pays back", 0.94) & (returns.received_at < NEVER)
    refund(SLOT_RETURN_REFUND, pays_back, value, at, tax, RETURN)
    return captured - left


def _lost_value(orders: Orders, lines: Lines, fulfilment: Fulfilment) -> tuple[Ints, Ints]:
    """Return the value of the units in lost parcels, and the instant at which the last was given up."""
    pieces = fulfilment.pieces
    at = fulfilment.shipments.lost_at[pieces.shipment]
    units = np.zeros(len(lines), dtype=np.int64)
    np.add.at(units, pieces.line, np.where(at < NEVER, pieces.quantity, 0))
    kept = lines.quantity - fulfilment.line_cancelled
    value = np.where(units > 0, line_value(orders, lines, kept) - line_value(orders, lines, kept - units), 0)
    total, last = np.zeros(len(orders), dtype=np.int64), np.full(len(orders), -1, dtype=np.int64)
    np.add.at(total, lines.order, value)
    np.maximum.at(last, pieces.order, np.where(at < NEVER, at, -1))
    return total, np.where(last < 0, NEVER, last)


def _returned_value(orders: Orders, lines: Lines, fulfilment: Fulfilment, returns: Returns) -> tuple[Ints, Ints]:
    """Return the value of the returned units and the tax in it; they are the last of the kept units."""
    kept = lines.quantity - fulfilment.line_cancelled
    rest = kept - returns.quantity
    back = returns.quantity > 0
    value = np.where(back, line_value(orders, lines, kept) - line_value(orders, lines, rest), 0)
    tax = np.where(back, line_tax(lines, kept) - line_tax(lines, rest), 0)
    totals = np.zeros((2, len(orders)), dtype=np.int64)
    np.add.at(totals[0], lines.order, value)
    np.add.at(totals[1], lines.order, tax)
    return totals[0], totals[1]
