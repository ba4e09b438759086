"""What lies in Amazon's warehouses, and what the catalogue says of the SKUs."""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.amazon.orders import warehouse_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["products", "stock"]

SKU = "seller_sku"


def stock(summary: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One count per SKU and marketplace of the units that can be sold now, and the rows summed into another one's.

    A SKU may lie there under several of Amazon's own numbers: its count is their sum at the newest instant. A quantity
    that is none is handed on as it is.
    """
    units = pl.col("fulfillable_quantity").cast(pl.Int64, strict=False)
    keyed = summary.with_columns(warehouse_id=warehouse_of("granularity_id"))
    counts = keyed.group_by(SKU, "warehouse_id", maintain_order=True).agg(
        pl.col(RECORD).first(),
        quantity=pl.coalesce(
            pl.col("fulfillable_quantity").filter(units.is_null()).first(), units.sum().cast(pl.String)
        ),
        occurred_at=pl.col("last_updated_time").max(),
        missing=pl.col("fulfillable_quantity").is_null().any(),
    )
    further = summary.select(RECORD).filter(~pl.col(RECORD).is_in(counts[RECORD].implode()))
    return counts.select(
        "warehouse_id",
        "occurred_at",
        RECORD,
        movement_id=pl.concat_str("warehouse_id", SKU, "occurred_at", separator="/"),
        sku=SKU,
        kind=pl.lit("count"),
        quantity=pl.when(~pl.col("missing")).then("quantity"),
    ), further


def products(rows: pl.DataFrame, clock: str, summary: pl.DataFrame, types: pl.DataFrame) -> pl.DataFrame:
    """One row per SKU as its newest row has it; the catalogue's name goes before the row's title.

    The version is the newer of the row's clock and the instant the connector wrote the catalogue's entry.
    """
    newest = rows.sort(clock, RECORD).unique(SKU, keep="last", maintain_order=True).sort(RECORD)
    entries = summary.drop(RECORD).unique("asin", keep="first", maintain_order=True)
    kinds = types.drop(RECORD).unique("asin", keep="first", maintain_order=True)
    joined = newest.join(entries, on="asin", how="left", maintain_order="left").join(
        kinds, on="asin", how="left", maintain_order="left"
    )
    return joined.select(
        "brand",
        RECORD,
        sku=SKU,
        updated_at=pl.max_horizontal(clock, "_fivetran_synced"),
        name=pl.coalesce("item_name", "title"),
        category="product_type",
        kind=pl.lit("goods"),
    )
