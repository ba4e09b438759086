"""Customers, products and stock levels of a shop in contract columns.

Objects and tables are split into these shapes in `orders_format` and `goods_tables`.
"""

from __future__ import annotations

import polars as pl

from orderhouse.sources.formats.shopify.amounts import TEXT, children, sku_of
from orderhouse.sources.formats.shopify.sales import EXTRAS
from orderhouse.sources.readers.records import RECORD

__all__ = ["counts_of", "customers_of", "customers_of_orders", "products_of", "services_of", "skus_by_item"]

# Fixed version clock of services: their row must be the same in every order that contains one.
FIRST = "1970-01-01T00:00:00Z"
SUBSCRIBED = "subscribed"


def customers_of(customers: pl.DataFrame) -> pl.DataFrame:
    """Return rows of customers (from the shape CUSTOMER and `_record`)."""
    address = pl.col("default_address").struct
    state = pl.col("email_marketing_consent").struct.field("state").str.to_lowercase()
    name = pl.concat_str("first_name", "last_name", separator=" ", ignore_nulls=True)
    return customers.select(
        RECORD,
        "updated_at",
        "created_at",
        "email",
        customer_id="id",
        name=name,
        phone=pl.coalesce("phone", address.field("phone")),
        country=address.field("country_code"),
        region=pl.coalesce(address.field("province_code"), address.field("province")),
        city=address.field("city"),
        marketing_consent=pl.coalesce(
            pl.when(state.is_not_null()).then((state == SUBSCRIBED).cast(TEXT)), "accepts_marketing"
        ),
    )


def customers_of_orders(orders: pl.DataFrame) -> pl.DataFrame:
    """Return the customers in orders; one without a clock of its own takes that of the order."""
    parents = orders.select(RECORD, pl.col("updated_at").alias("_seen_at"), "customer")
    known = parents.filter(pl.col("customer").struct.field("id").is_not_null())
    people = known.unnest("customer").with_columns(updated_at=pl.coalesce("updated_at", "_seen_at"))
    return customers_of(people.drop("_seen_at"))


def products_of(products: pl.DataFrame) -> pl.DataFrame:
    """Return rows of products: one per variant (from the shape PRODUCT and `_record`), with the product's clock."""
    variants = _variants(products)
    title = pl.col("title").replace("Default Title", None)
    ships, status = pl.col("requires_shipping").str.to_lowercase(), pl.col("_status").str.to_lowercase()
    return variants.select(
        RECORD,
        sku=sku_of(),
        updated_at="_updated_at",
        name=pl.concat_str("_title", title, separator=" - ", ignore_nulls=True),
        category=pl.col("_type").replace("", None),
        brand="_vendor",
        kind=pl.when(ships == "true").then(pl.lit("goods")).when(ships == "false").then(pl.lit("service")),
        is_active=pl.when(status.is_not_null()).then((status == "active").cast(TEXT)),
    )


def services_of(lines: pl.DataFrame) -> pl.DataFrame:
    """Return rows of products for the SKUs of tips, duties and fees, which are the same in every order."""
    charged = lines.filter(pl.col("line_id").is_in(list(EXTRAS))).unique("sku", keep="first", maintain_order=True)
    return charged.select(RECORD, "sku", updated_at=pl.lit(FIRST), kind=pl.lit("service"))


def skus_by_item(products: pl.DataFrame) -> pl.DataFrame:
    """Return the SKU of each inventory item that a product names."""
    variants = _variants(products).select("inventory_item_id", known_sku=sku_of())
    return variants.filter(pl.col("inventory_item_id").is_not_null())


def counts_of(levels: pl.DataFrame, skus: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Return rows of stock for inventory levels, and the number of levels without a quantity or a known SKU.

    Args:
        levels: The levels (the shape LEVEL and `_record`).
        skus: `inventory_item_id` and `known_sku`.
    """
    known = skus.unique("inventory_item_id", keep="first", maintain_order=True)
    joined = levels.join(known, on="inventory_item_id", how="left", maintain_order="left")
    joined = joined.with_columns(sku=pl.coalesce(pl.col("sku").replace("", None), "known_sku"))
    complete = joined.filter(pl.col("sku").is_not_null() & pl.col("available").is_not_null())
    rows = complete.select(
        RECORD,
        "sku",
        movement_id=pl.concat_str("inventory_item_id", "location_id", "updated_at", separator="-"),
        warehouse_id="location_id",
        kind=pl.lit("count"),
        quantity="available",
        occurred_at="updated_at",
    )
    return rows, levels.height - complete.height


def _variants(products: pl.DataFrame) -> pl.DataFrame:
    parents = products.select(
        RECORD,
        "variants",
        product_id="id",
        _title="title",
        _type="product_type",
        _vendor="vendor",
        _status="status",
        _updated_at="updated_at",
    )
    keys = (RECORD, "product_id", "_title", "_type", "_vendor", "_status", "_updated_at")
    return children(parents, "variants", *keys).with_columns(variant_id="id")
