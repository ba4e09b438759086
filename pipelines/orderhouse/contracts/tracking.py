"""Tracking: one carrier scan per row."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import boolean, identifier, instant, label, promise, text, word
from orderhouse.contracts.contract import Contract, rule

__all__ = ["Tracking"]


class Tracking(Contract):
    """A carrier's report of where a parcel is. It names the shipment, or carrier and tracking number."""

    shape = "event"

    shipment_id = identifier("The shipment, if known.", key=True)
    carrier = label("The carrier; with the tracking number it identifies the parcel.", key=True)
    tracking_number = text("The carrier's number of the parcel.", key=True)
    status = word("The status that the scan reports.", key=True, required=True)
    occurred_at = instant("The instant of the scan.", key=True, required=True)
    location = text("The place of the scan.")
    detail = text("Further text of the carrier.")
    estimated_delivery_at = promise(
        "The carrier's estimate of the delivery, as of the scan.", days="estimate_is_date_only"
    )
    estimate_is_date_only = boolean("The estimate is a day, as written; default true for a date without time of day.")

    @rule("neither a shipment nor carrier and tracking number are named", "shipment_id", "carrier", "tracking_number")
    def names_a_shipment(cls) -> pl.Expr:
        """Require a shipment, or carrier and tracking number."""
        by_number = pl.col("carrier").is_not_null() & pl.col("tracking_number").is_not_null()
        return pl.col("shipment_id").is_not_null() | by_number
