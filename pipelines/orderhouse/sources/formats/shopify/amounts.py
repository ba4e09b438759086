"""Exact amounts from Shopify's text, in the shop's currency and in the customer's, and lists inside records.

An amount that cannot be read is passed on as it is, so that the contract quarantines its row instead of making it
cheaper.
"""

from __future__ import annotations

import polars as pl

__all__ = ["TEXT", "children", "exact", "lacks", "minus", "presentment", "shop", "sku_of", "total", "whole"]

TEXT = pl.String()
AMOUNT = r"^\s*[+-]?0*\d{1,14}(?:\.\d{0,4}0*)?\s*$"


def exact(text: pl.Expr) -> pl.Expr:
    """Return an amount; null where it is not an amount or has more than four decimals."""
    return pl.when(text.str.contains(AMOUNT)).then(text.str.strip_chars()).cast(pl.Decimal(18, 4), strict=False)


def whole(text: pl.Expr) -> pl.Expr:
    """Return a number of units; null where it is not a whole number."""
    return text.str.strip_chars().str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)


def shop(plain: str, money_set: str) -> pl.Expr:
    """Return an amount in the shop's currency: the plain field, else the one in its set."""
    in_set = pl.col(money_set).struct.field("shop_money").struct.field("amount")
    return pl.coalesce(pl.col(plain), in_set)


def presentment(money_set: str) -> pl.Expr:
    """Return the same amount in the currency that the customer saw."""
    return pl.col(money_set).struct.field("presentment_money").struct.field("amount")


def lacks(in_shop: pl.Expr, in_presentment: pl.Expr) -> pl.Expr:
    """Return whether an amount is known in the shop's currency only; zero needs no second currency."""
    return in_shop.is_not_null() & in_presentment.is_null() & (exact(in_shop) != 0).fill_null(True)


def total(text: pl.Expr) -> pl.Expr:
    """Return the sum over a group, as text; the first amount that cannot be read, if there is one."""
    unreadable = text.filter(text.is_not_null() & exact(text).is_null()).first()
    return pl.coalesce(unreadable, exact(text).sum().cast(TEXT))


def minus(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Return a difference of two amounts, as text; a missing one is 0, an unreadable one becomes the result."""
    unreadable = [pl.when(each.is_not_null() & exact(each).is_null()).then(each) for each in (first, second)]
    zero = pl.lit(0, pl.Decimal(18, 4))
    difference = pl.coalesce(exact(first), zero) - pl.coalesce(exact(second), zero)
    return pl.coalesce(*unreadable, pl.when(first.is_not_null()).then(difference.cast(TEXT)))


def children(parents: pl.DataFrame, column: str, *keys: str, number: str | None = None) -> pl.DataFrame:
    """Return the objects of a list column, one row each in their order, with chosen columns of their parents.

    Args:
        parents: Frame with the list column.
        column: The list.
        keys: Columns of the parents to keep; their names must differ from those inside.
        number: Name of a column that numbers the rows.
    """
    rows = parents.select(*keys, column).explode(column)
    rows = rows.filter(pl.col(column).is_not_null()).unnest(column)
    return rows.with_row_index(number) if number else rows


def sku_of() -> pl.Expr:
    """Return the SKU of a line or variant. Shopify requires none: variant, product or ``custom`` then replaces it."""
    sku = pl.col("sku").str.strip_chars().replace("", None)
    variant = pl.concat_str(pl.lit("variant-"), "variant_id")
    product = pl.concat_str(pl.lit("product-"), "product_id")
    return pl.coalesce(sku, variant, product, pl.lit("custom"))
