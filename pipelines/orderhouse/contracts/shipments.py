"""Shipments: units that left the building, one order line of one shipment per row."""

from __future__ import annotations

from orderhouse.contracts.columns import boolean, currency, identifier, instant, label, money, promise, text, units
from orderhouse.contracts.contract import Contract

__all__ = ["Shipments"]


class Shipments(Contract):
    """Units of an order line that were handed to a carrier."""

    shape = "event"

    shipment_id = identifier("The shipment.", key=True, required=True)
    line_id = text("The order line of the units.", key=True, required=True)
    order_id = identifier(
        "The order shipped; one shipment may hold lines of several.", key=True, required=True, is_of_order=True
    )
    quantity = units("Units of the line in this shipment.", required=True, above_zero=True)
    shipped_at = instant("The instant they left the building.", required=True)
    sku = text("The SKU shipped; by default the line's.")
    warehouse_id = text("The warehouse it left.")
    carrier = label("The carrier; compared in lower case.")
    service = text("The carrier's service.")
    tracking_number = text("May be recycled by the carrier.")
    estimated_delivery_at = promise("The carrier's estimate of the delivery.", days="estimate_is_date_only")
    estimate_is_date_only = boolean("The estimate is a day, as written; default true for a date without time of day.")
    cost_amount = money("The carrier's charge for the whole shipment, the same on all its rows.")
    cost_currency = currency("Of the cost.")
