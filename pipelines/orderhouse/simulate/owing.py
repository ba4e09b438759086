"""Amounts owed by customers: the value of lines and orders for the units that are kept.

Payments of these amounts belong in `payments`.
"""

from __future__ import annotations

import numpy as np

from orderhouse.simulate.amounts import proportion
from orderhouse.simulate.calendar import DAY
from orderhouse.simulate.draws import Bools, Ints
from orderhouse.simulate.fulfilment import Fulfilment
from orderhouse.simulate.orders import Lines, Orders


def amounts_owed(orders: Orders, lines: Lines, fulfilment: Fulfilment) -> tuple[Ints, Ints]:
    """Return the amount that each order owes as placed, and after its line cancellations."""
    kept = lines.quantity - fulfilment.line_cancelled
    ordered = total_per_order(orders, lines, lines.quantity, np.ones(len(lines), dtype=np.bool_))
    after = total_per_order(orders, lines, kept, kept > 0)
    return ordered, after


def total_per_order(orders: Orders, lines: Lines, kept: Ints, counts: Bools) -> Ints:
    """Return the amount due: net of the kept units, tax where prices exclude it, and shipping if a unit is kept."""
    value = np.where(counts, line_value(orders, lines, kept), 0)
    total = np.zeros(len(orders), dtype=np.int64)
    units = np.zeros(len(orders), dtype=np.int64)
    np.add.at(total, lines.order, value)
    np.add.at(units, lines.order, np.where(counts, kept, 0))
    shipping = orders.shipping + np.where(orders.prices_include_tax, 0, orders.shipping_tax)
    return total + np.where(units > 0, shipping, 0)


def line_value(orders: Orders, lines: Lines, units: Ints) -> Ints:
    """Return the cost of the first `units` units of each line to the customer."""
    tax = np.where(orders.prices_include_tax[lines.order], 0, line_tax(lines, units))
    return line_net(lines, units) + tax


def line_net(lines: Lines, units: Ints) -> Ints:
    """Return the net of the first `units` units: their gross less their share of the discount."""
    return units * lines.unit_price - proportion(lines.discount, units, lines.quantity, lines.step)


def line_tax(lines: Lines, units: Ints) -> Ints:
    """Return the tax of the first `units` units."""
    return proportion(lines.tax, units, lines.quantity, lines.step)


def invoice_due_at(orders: Orders) -> Ints:
    """Return the instant at which an invoice is due."""
    return orders.placed_at + 30 * DAY
