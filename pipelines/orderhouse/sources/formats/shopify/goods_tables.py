"""Customers, products and stock levels from connectors' tables.

Orders, refunds and fulfilments belong in `tables`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from orderhouse.sources.formats.shopify.amounts import TEXT, sku_of
from orderhouse.sources.formats.shopify.catalogue import customers_of
from orderhouse.sources.formats.shopify.table import SYNCED, Table
from orderhouse.sources.readers.records import RECORD

__all__ = ["counts", "customers", "products"]

Tables = Mapping[str, Table]
ON_HAND = "on_hand"


def customers(tables: Tables) -> pl.DataFrame:
    """Return rows of customers, with the place of their default address."""
    row, address = tables["customer"], tables["customer_address"].live()
    places = address.frame.select(
        id=address.text("customer_id"),
        is_default=address.text("is_default").str.to_lowercase() == "true",
        default_address=pl.struct(
            phone=address.text("phone"),
            country_code=address.text("country_code"),
            province_code=address.text("province_code"),
            province=address.text("province"),
            city=address.text("city"),
        ),
    ).filter("is_default")
    people = row.frame.select(
        RECORD,
        id=row.text("id"),
        created_at=row.instant("created_at"),
        updated_at=row.instant("updated_at", SYNCED),
        email=row.text("email"),
        phone=row.text("phone"),
        first_name=row.text("first_name"),
        last_name=row.text("last_name"),
        accepts_marketing=row.text("accepts_marketing"),
        email_marketing_consent=pl.struct(state=row.text("email_marketing_consent_state")),
    )
    one = places.drop("is_default").unique("id", keep="first", maintain_order=True)
    return customers_of(people.join(one, on="id", how="left", maintain_order="left"))


def products(tables: Tables) -> pl.DataFrame:
    """Return rows of products: one per variant, with the newest clock of variant, product and inventory item."""
    variant, product, item = tables["product_variant"], tables["product"], tables["inventory_item"]
    of_product = product.frame.select(
        product_id=product.text("id"),
        _title=product.text("title"),
        _type=product.text("product_type"),
        brand=product.text("vendor"),
        status=product.text("status").str.to_lowercase(),
        is_gone=product.is_deleted(),
        product_at=product.instant("updated_at", SYNCED),
    ).unique("product_id", keep="first")
    of_item = item.frame.select(
        inventory_item_id=item.text("id"),
        item_sku=item.text("sku"),
        ships=item.text("requires_shipping").str.to_lowercase(),
        unit_cost=item.text("unit_cost_amount"),
        currency=item.text("unit_cost_currency_code"),
        item_at=item.instant("updated_at"),
    ).unique("inventory_item_id", keep="first")
    rows = variant.frame.select(
        RECORD,
        product_id=variant.text("product_id"),
        variant_id=variant.text("id"),
        inventory_item_id=variant.text("inventory_item_id"),
        own_sku=variant.text("sku"),
        title=variant.text("title").replace("Default Title", None),
        variant_at=variant.instant("updated_at", SYNCED),
        is_variant_gone=variant.is_deleted(),
    )
    joined = rows.join(of_product, on="product_id", how="left", maintain_order="left").join(
        of_item, on="inventory_item_id", how="left", maintain_order="left"
    )
    is_gone = pl.col("is_gone").fill_null(False) | pl.col("is_variant_gone")
    return joined.with_columns(sku=pl.coalesce("own_sku", "item_sku")).select(
        RECORD,
        "brand",
        "unit_cost",
        "currency",
        sku=sku_of(),
        updated_at=pl.max_horizontal("variant_at", "product_at", "item_at"),
        name=pl.concat_str("_title", "title", separator=" - ", ignore_nulls=True),
        category="_type",
        kind=pl.when(pl.col("ships") == "true")
        .then(pl.lit("goods"))
        .when(pl.col("ships") == "false")
        .then(pl.lit("service")),
        is_active=pl.when(is_gone)
        .then(pl.lit("false"))
        .when(pl.col("status").is_not_null())
        .then((pl.col("status") == "active").cast(TEXT)),
    )


def counts(tables: Tables, name: str) -> tuple[pl.DataFrame, int]:
    """Return rows of stock for levels on hand, and the number of rows of the table that are not such levels.

    Args:
        tables: The bundle.
        name: ``inventory_quantity``, which names its quantities, or ``inventory_level`` if it contains a quantity.
    """
    row, level, item = tables[name].live(), tables["inventory_level"].live(), tables["inventory_item"]
    if name == "inventory_level" and not {"available", "on_hand"} & set(row.frame.columns):
        return pl.DataFrame(schema={RECORD: pl.Int64()}), 0
    places = level.frame.select(inventory_level_id=level.text("id"), place=level.text("location_id"))
    skus = item.frame.select(inventory_item_id=item.text("id"), sku=item.text("sku"))
    rows = row.frame.select(
        RECORD,
        counted_id=row.text("id"),
        inventory_item_id=row.text("inventory_item_id"),
        inventory_level_id=row.text("inventory_level_id"),
        location_id=row.text("location_id"),
        word=row.text("name").str.to_lowercase(),
        quantity=row.text("quantity", "on_hand", "available"),
        occurred_at=row.instant("updated_at"),
    )
    joined = rows.join(places.unique("inventory_level_id", keep="first"), on="inventory_level_id", how="left").join(
        skus.unique("inventory_item_id", keep="first"), on="inventory_item_id", how="left"
    )
    place = pl.coalesce("location_id", "place")
    is_count = (pl.col("word").is_null() | (pl.col("word") == ON_HAND)) & pl.col("quantity").is_not_null()
    countable = joined.filter(is_count & pl.col("sku").is_not_null() & place.is_not_null()).sort(RECORD)
    counted = countable.select(
        RECORD,
        "sku",
        "quantity",
        "occurred_at",
        movement_id=pl.concat_str(pl.coalesce("counted_id", "inventory_item_id"), place, "occurred_at", separator="-"),
        warehouse_id=place,
        kind=pl.lit("count"),
    )
    return counted, rows.height - counted.height
