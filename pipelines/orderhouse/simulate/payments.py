"""Payments: attempts, authorisations, captures, voids, refunds and disputes, as flat events.

Amounts follow from what was owed when each event happened. A few orders are paid wrongly on purpose. The events of
refunds belong in `refunds`.
"""

from __future__ import annotations

import numpy as np

from orderhouse.simulate.amounts import divide_half_even
from orderhouse.simulate.calendar import DAY, MINUTE, NEVER
from orderhouse.simulate.draws import Bools, Draws, Ints
from orderhouse.simulate.fulfilment import Fulfilment
from orderhouse.simulate.orders import INVOICE, ON_DELIVERY, PREPAID, Lines, Orders
from orderhouse.simulate.owing import amounts_owed, invoice_due_at
from orderhouse.simulate.payment_book import (
    NO_SLOT,
    SLOT_AUTHORIZED,
    SLOT_CAPTURED,
    SLOT_CAPTURED_REST,
    SLOT_DECIDED,
    SLOT_DISPUTED,
    SLOT_FAILED,
    SLOT_VOIDED,
    PaymentBook,
    Payments,
)
from orderhouse.simulate.refunds import refund_orders
from orderhouse.simulate.returning import Returns

DISPUTE_FEE = 1500


def pay_orders(
    orders: Orders, lines: Lines, fulfilment: Fulfilment, returns: Returns, method: Ints, draws: Draws
) -> Payments:
    """Return all payment events of the orders' whole lives."""
    book = PaymentBook()
    owed, owed_after = amounts_owed(orders, lines, fulfilment)
    captured, captured_at = _capture(book, orders, fulfilment, method, owed, owed_after, draws)
    refunded = refund_orders(book, orders, lines, fulfilment, returns, captured, captured_at, owed - owed_after, draws)
    disputable = (orders.terms == PREPAID) & (refunded == 0) & draws.chance(orders.number, "disputed", 0.005)
    _dispute(book, orders, disputable, captured, captured_at, draws)
    return book.close()


def payment_method(orders: Orders, draws: Draws) -> Ints:
    """Return an index into METHODS and PROVIDERS per order."""
    prepaid = draws.pick(orders.number, "method", [58, 24, 12, 6])
    return np.where(orders.terms == ON_DELIVERY, 4, np.where(orders.terms == INVOICE, 5, prepaid))


def _capture(
    book: PaymentBook,
    orders: Orders,
    fulfilment: Fulfilment,
    method: Ints,
    owed: Ints,
    owed_after: Ints,
    draws: Draws,
) -> tuple[Ints, Ints]:
    """Write attempts, authorisations, captures and voids; return the final captured amount and its instant."""
    key, handling = orders.number, fulfilment.handling
    prepaid = orders.terms == PREPAID
    book.write(SLOT_FAILED, "failed", handling.failed_first & prepaid, owed, orders.placed_at + 15)
    clears = prepaid & ~handling.pays_never & (handling.paid_at < handling.cancelled_at)
    later = clears & (method == 0) & draws.chance(key, "captures later", 0.65)
    book.write(SLOT_AUTHORIZED, "authorized", later, owed, handling.paid_at)
    at = np.where(clears & ~later, handling.paid_at, NEVER)
    at = np.where(later & (fulfilment.first_shipped_at < NEVER), fulfilment.first_shipped_at + 5 * MINUTE, at)
    arrived = fulfilment.delivered_at < NEVER
    at = np.where((orders.terms == ON_DELIVERY) & arrived, fulfilment.delivered_at + 2 * DAY, at)
    pays_invoice = (fulfilment.first_shipped_at < NEVER) & ~draws.chance(key, "never pays", 0.03)
    invoice_paid = invoice_due_at(orders) + draws.between(key, "pays invoice", -12 * DAY, 8 * DAY)
    invoice_paid = np.maximum(invoice_paid, fulfilment.first_shipped_at + DAY)
    at = np.where((orders.terms == INVOICE) & pays_invoice, invoice_paid, at)
    at = np.where(~(clears & ~later) & (handling.cancelled_at < at), NEVER, at)
    at = np.where(later & (fulfilment.first_shipped_at < handling.cancelled_at), fulfilment.first_shipped_at + 300, at)
    at = np.where(later & (fulfilment.first_shipped_at == NEVER), NEVER, at)
    amount = np.where(clears & ~later, owed, owed_after)
    wrong = draws.share(key, "pays wrongly")
    amount = np.where((wrong < 0.002) & (amount > 20_000), amount - 500 * orders.step, amount)
    amount = np.where((wrong > 0.9985) & (amount > 2_000), amount + 100 * orders.step, amount)
    amount = np.where(at < NEVER, np.maximum(amount, 0), 0)
    twice = later & draws.chance(key, "in two captures", 0.06) & (amount > 1000)
    rest = np.where(twice, amount // (3 * orders.step) * orders.step, 0)
    parent = np.where(later, SLOT_AUTHORIZED, NO_SLOT)
    fee = _fee(amount - rest, orders.step, orders.terms)
    book.write(SLOT_CAPTURED, "captured", amount > 0, amount - rest, at, fee=fee, parent=parent)
    rest_fee = _fee(rest, orders.step, orders.terms)
    book.write(SLOT_CAPTURED_REST, "captured", twice, rest, at + DAY, fee=rest_fee, parent=parent)
    voids = later & (amount == 0) & (handling.cancelled_at < NEVER)
    book.write(SLOT_VOIDED, "voided", voids, owed, handling.cancelled_at + 10 * MINUTE, parent=SLOT_AUTHORIZED)
    return amount, at + np.where(twice & (at < NEVER), DAY, 0)


def _fee(amount: Ints, step: Ints, terms: Ints) -> Ints:
    fee = divide_half_even(amount * 14, 1000 * step) * step + 25 * step
    return np.where(terms == INVOICE, 0, np.where(amount > 0, fee, 0))


def _dispute(
    book: PaymentBook, orders: Orders, disputable: Bools, captured: Ints, captured_at: Ints, draws: Draws
) -> None:
    key = orders.number
    at = np.where(disputable, captured_at + draws.between(key, "dispute", 8 * DAY, 30 * DAY), NEVER)
    book.write(SLOT_DISPUTED, "disputed", disputable, captured, at, fee=DISPUTE_FEE * orders.step, parent=SLOT_CAPTURED)
    won = draws.pick(key, "dispute outcome", [45, 35, 20])
    decided = np.where(at < NEVER, at + 20 * DAY, NEVER)
    book.write(SLOT_DECIDED, "dispute_won", disputable & (won == 0), captured, decided, parent=SLOT_CAPTURED)
    book.write(SLOT_DECIDED, "dispute_lost", disputable & (won == 1), captured, decided, parent=SLOT_CAPTURED)
