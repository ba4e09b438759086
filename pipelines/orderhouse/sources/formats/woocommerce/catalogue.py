"""WooCommerce products and customers in contract columns."""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.woocommerce.amounts import instant
from orderhouse.sources.readers.json_objects import Shape, leaves, many, one
from orderhouse.sources.readers.records import RECORD

__all__ = ["CUSTOMER", "PRODUCT", "customers_of", "products_of"]

CLOCK = ("date_modified_gmt", "date_modified", "date_created_gmt", "date_created")
PRODUCT: Shape = {
    **leaves("id", "sku", "name", "status", "virtual", *CLOCK),
    "categories": many("name"),
    "brands": many("name"),
}
CUSTOMER: Shape = {
    **leaves("id", "email", "first_name", "last_name", *CLOCK),
    "billing": one("phone", "country", "state", "city"),
}


def products_of(products: pl.DataFrame) -> pl.DataFrame:
    """Return one row per product or variation; without a SKU its id is taken, as on order lines."""
    return products.select(
        "name",
        RECORD,
        sku=pl.coalesce(pl.when(pl.col("sku") != "").then("sku"), pl.lit("id:") + pl.col("id")),
        updated_at=instant(*CLOCK),
        category=pl.col("categories").list.first().struct.field("name"),
        brand=pl.col("brands").list.first().struct.field("name"),
        kind=pl.col("virtual").replace({"true": "virtual", "false": "physical"}),
        is_active=pl.col("status") == "publish",
    )


def customers_of(customers: pl.DataFrame) -> pl.DataFrame:
    """Return one row per customer with an account."""
    billing = pl.col("billing").struct
    return customers.select(
        "email",
        RECORD,
        customer_id="id",
        updated_at=instant(*CLOCK),
        created_at=instant("date_created_gmt", "date_created"),
        name=pl.concat_str("first_name", "last_name", separator=" ", ignore_nulls=True),
        phone=billing.field("phone"),
        country=billing.field("country"),
        region=billing.field("state"),
        city=billing.field("city"),
    )
