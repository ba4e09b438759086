"""Tracking: one carrier scan per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import identifier, instant, label, text, word
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Tracking"]


class Tracking(Contract):
    """Where a carrier says a parcel is. It names the shipment, or else carrier and tracking number."""

    shape = "event"

    shipment_id = identifier("Names the shipment, if known.", key=True)
    carrier = label("With the tracking number, names it otherwise.", key=True)
    tracking_number = text("The carrier's number of the parcel.", key=True)
    status = word("What the scan says.", key=True, required=True)
    occurred_at = instant("When it was scanned.", key=True, required=True)
    location = text("Where it was scanned.")
    detail = text("What else the carrier says.")
    estimated_delivery_at = instant("When the carrier means to deliver, as of the scan.")

    @rule("neither a shipment nor carrier and tracking number are named", "shipment_id", "carrier", "tracking_number")
    def names_a_shipment(cls) -> pl.Expr:
        """A scan that names no parcel is about nothing."""
        by_number = pl.col("carrier").is_not_null() & pl.col("tracking_number").is_not_null()
        return pl.col("shipment_id").is_not_null() | by_number
