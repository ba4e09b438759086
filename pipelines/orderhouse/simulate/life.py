"""Whole lives of a set of orders, from placing, fulfilment, returns and payments, which have modules of their own."""

from __future__ import annotations

from dataclasses import dataclass

from orderhouse.simulate.catalogue import Catalogue
from orderhouse.simulate.draws import Ints
from orderhouse.simulate.fulfilment import Fulfilment, fulfil_orders
from orderhouse.simulate.orders import Lines, Orders, place_orders
from orderhouse.simulate.parcels import Scans, scan_parcels
from orderhouse.simulate.payment_book import Payments
from orderhouse.simulate.payments import pay_orders, payment_method
from orderhouse.simulate.returning import Returns, return_orders


@dataclass(frozen=True)
class Lives:
    """Some orders with all their events, including those after the world's end."""

    orders: Orders
    lines: Lines
    fulfilment: Fulfilment
    scans: Scans
    returns: Returns
    payments: Payments
    method: Ints


def live(numbers: Ints, catalogue: Catalogue) -> Lives:
    """Return the lives of the orders of these numbers, independent of the other orders in the request."""
    draws = catalogue.draws
    orders, lines = place_orders(numbers, catalogue)
    fulfilment = fulfil_orders(orders, lines, catalogue)
    scans = scan_parcels(orders, fulfilment.shipments, draws)
    returns = return_orders(orders, lines, fulfilment, draws)
    method = payment_method(orders, draws)
    payments = pay_orders(orders, lines, fulfilment, returns, method, draws)
    return Lives(orders, lines, fulfilment, scans, returns, payments, method)
