"""Fulfilments as shipments and as scans.

A fulfilment that succeeded has left the building. One that waits or failed has not. One that was cancelled takes its
units back by a ``cancelled`` scan. Properties that may still change (carrier, number, progress) are given by scans,
each with the fulfilment's own clock, so that the row of a shipment is the same in every version.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.shopify.amounts import children, sku_of
from orderhouse.sources.readers.records import RECORD

__all__ = [
    "CANCELLED",
    "NUMBERED",
    "SHIPPED",
    "is_cancelled",
    "is_waiting",
    "lists_lines",
    "scans_of",
    "shipments_of",
    "steps_of",
]

SHIPPED = "success"
CANCELLED = "cancelled"
NUMBERED = "tracking_number_added"


def _status() -> pl.Expr:
    return pl.col("status").str.to_lowercase().fill_null("")


def shipments_of(fulfilments: pl.DataFrame) -> pl.DataFrame:
    """Return rows of shipments: the lines of successful fulfilments (from the shape FULFILLMENT and `_record`)."""
    parents = fulfilments.filter(_status() == SHIPPED).select(
        RECORD,
        "order_id",
        "service",
        "line_items",
        shipment_id="id",
        shipped_at="created_at",
        warehouse_id="location_id",
    )
    keys = (RECORD, "order_id", "service", "shipment_id", "shipped_at", "warehouse_id")
    return children(parents, "line_items", *keys).select(*keys, "quantity", line_id="id", sku=sku_of())


def is_waiting() -> pl.Expr:
    """Return whether a fulfilment has neither left nor been cancelled."""
    return ~_status().is_in([SHIPPED, CANCELLED])


def is_cancelled() -> pl.Expr:
    """Return whether a fulfilment was cancelled."""
    return _status() == CANCELLED


def lists_lines() -> pl.Expr:
    """Return whether a fulfilment lists its lines."""
    return (pl.col("line_items").list.drop_nulls().list.len() > 0).fill_null(False)


def scans_of(fulfilments: pl.DataFrame) -> pl.DataFrame:
    """Return rows of tracking: the progress of each fulfilment by its own clock, with the first of its numbers."""
    listed = pl.concat_list(
        pl.concat_list("tracking_number").list.drop_nulls(), pl.col("tracking_numbers").list.drop_nulls().fill_null([])
    )
    numbers = listed.list.unique(maintain_order=True)
    sent = fulfilments.filter(_status() == SHIPPED).select(
        RECORD,
        shipment_id="id",
        carrier="tracking_company",
        tracking_number=numbers.list.first(),
        status=pl.coalesce(
            pl.col("shipment_status").replace("", None), pl.when(numbers.list.len() > 0).then(pl.lit(NUMBERED))
        ),
        occurred_at=pl.coalesce("updated_at", "created_at"),
        detail=pl.when(numbers.list.len() > 1).then(
            pl.concat_str(pl.lit("also "), numbers.list.slice(1).list.join(", "))
        ),
    )
    with_status = sent.filter(pl.col("status").is_not_null())
    taken_back = fulfilments.filter(_status() == CANCELLED).select(
        RECORD,
        shipment_id="id",
        carrier=pl.lit(None, pl.String),
        tracking_number=pl.lit(None, pl.String),
        status="status",
        occurred_at=pl.coalesce("updated_at", "created_at"),
        detail=pl.lit(None, pl.String),
    )
    return pl.concat([with_status, taken_back]).sort(RECORD, maintain_order=True)


def steps_of(events: pl.DataFrame) -> pl.DataFrame:
    """Return rows of tracking for fulfilment events (the shape EVENT and `_record`)."""
    return events.select(
        RECORD,
        "status",
        "estimated_delivery_at",
        shipment_id="fulfillment_id",
        occurred_at=pl.coalesce("happened_at", "created_at"),
        location=pl.concat_str("city", "province", "country", separator=", ", ignore_nulls=True),
        detail="message",
    )
