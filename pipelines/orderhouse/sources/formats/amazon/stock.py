"""Stock in Amazon's warehouses, and products from the catalogue.

Orders and their items belong in `orders`.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.amazon.orders import warehouse_of
from orderhouse.sources.readers.records import RECORD

__all__ = ["products", "stock"]

SKU = "seller_sku"


def stock(summary: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return one count of sellable units per SKU and marketplace, and the records added into the count of another.

    A SKU may be stocked under several of Amazon's own numbers: its count is their sum at the newest instant. A quantity
    that is not a number is passed on as it is, so that the contract quarantines it.
    """
    units = pl.col("fulfillable_quantity").cast(pl.Int64, strict=False)
    keyed = summary.with_columns(warehouse_id=warehouse_of("granularity_id"))
    counts = keyed.group_by(SKU, "warehouse_id", maintain_order=True).agg(
        pl.col(RECORD).first(),
        quantity=pl.coalesce(
            pl.col("fulfillable_quantity").filter(units.is_null()).first(), units.sum().cast(pl.String)
        ),
        occurred_at=pl.col("last_updated_time").max(),
        # One unknown quantity makes the sum unknown.
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
    """Return one row per SKU, from its newest row; the catalogue's name is preferred to the row's title.

    The version clock is the newer of the row's clock and the instant at which the connector wrote the catalogue's
    entry.
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
