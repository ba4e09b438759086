"""Fulfilments as shipments and as scans.

A fulfilment that succeeded has left the building; one that waits or failed has not, and one that was cancelled takes
its units back by a ``cancelled`` scan. What may still change on a fulfilment (carrier, number, how far it came) is told
by scans, each with the fulfilment's own clock, so that a shipment's row is the same whenever it is read.
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
    """Rows of shipments: the lines of fulfilments (the shape FULFILLMENT and `_record`) that were carried out."""
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
    """Whether a fulfilment neither left nor was cancelled after it had."""
    return ~_status().is_in([SHIPPED, CANCELLED])


def is_cancelled() -> pl.Expr:
    """Whether a fulfilment was taken back."""
    return _status() == CANCELLED


def lists_lines() -> pl.Expr:
    """Whether a fulfilment says what it holds."""
    return (pl.col("line_items").list.drop_nulls().list.len() > 0).fill_null(False)


def scans_of(fulfilments: pl.DataFrame) -> pl.DataFrame:
    """Rows of tracking: how far each fulfilment came by its own clock, and its number (the first of several)."""
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
    told = sent.filter(pl.col("status").is_not_null())
    taken_back = fulfilments.filter(_status() == CANCELLED).select(
        RECORD,
        shipment_id="id",
        carrier=pl.lit(None, pl.String),
        tracking_number=pl.lit(None, pl.String),
        status="status",
        occurred_at=pl.coalesce("updated_at", "created_at"),
        detail=pl.lit(None, pl.String),
    )
    return pl.concat([told, taken_back]).sort(RECORD, maintain_order=True)


def steps_of(events: pl.DataFrame) -> pl.DataFrame:
    """Rows of tracking for fulfilment events (the shape EVENT and `_record`)."""
    return events.select(
        RECORD,
        "status",
        "estimated_delivery_at",
        shipment_id="fulfillment_id",
        occurred_at=pl.coalesce("happened_at", "created_at"),
        location=pl.concat_str("city", "province", "country", separator=", ", ignore_nulls=True),
        detail="message",
    )
