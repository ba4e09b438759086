"""WooCommerce's amounts and instants. A line has its cost before and after discounts, but no price.

All amounts are computed in whole ten-thousandths, so that quantity × unit price − discount is exactly the line's total.
"""

from __future__ import annotations

import polars as pl

__all__ = ["instant", "priced", "text_of", "units_of"]

AMOUNT = r"^-?\d{1,13}(?:\.\d{0,4}0*)?$"
OFFSET = r"(?:Z|z|[+-]\d{2}:?\d{2})$"
UNIT = 10_000


def instant(*names: str) -> pl.Expr:
    """Return the first instant that is not empty: those in `_gmt` are UTC, others local to the shop."""
    parts = [
        pl.when(pl.col(name).str.contains(OFFSET)).then(name).otherwise(pl.col(name) + pl.lit("Z"))
        if name.endswith("_gmt")
        else pl.col(name)
        for name in names
    ]
    return pl.coalesce(*(pl.when(pl.col(name) != "").then(part) for name, part in zip(names, parts, strict=True)))


def units_of(amount: pl.Expr) -> pl.Expr:
    """Return an amount in ten-thousandths; null where it is not an amount, or has more decimals."""
    exact = pl.when(amount.str.contains(AMOUNT)).then(amount).cast(pl.Decimal(18, 4), strict=False)
    return (exact * UNIT).cast(pl.Int64)


def text_of(units: pl.Expr) -> pl.Expr:
    """Return ten-thousandths as decimal text."""
    sign = pl.when(units < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = units.abs().cast(pl.String).str.pad_start(5, "0")
    return pl.concat_str(sign, digits.str.head(-4), pl.lit("."), digits.str.tail(4))


def priced(subtotal: pl.Expr, total: pl.Expr, quantity: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return unit price and discount of a line, so that quantity × price − discount = total.

    Where the subtotal does not divide by the quantity, the price is rounded up to the next ten-thousandth, and the
    excess
    is part of the discount. Where the total exceeds the subtotal, the total is divided. A value that is not an amount
    is
    passed on as it is, so that the line is quarantined.

    Args:
        subtotal: Cost of the line before discounts, as text.
        total: Cost after them, as text.
        quantity: Units, as text.
    """
    before, after = units_of(subtotal), units_of(total)
    count = quantity.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    worth = pl.max_horizontal(before, after)
    price = -((-worth) // pl.when(count > 0).then(count))
    computed = before.is_not_null() & after.is_not_null() & (count > 0)
    unreadable = pl.when(before.is_null()).then(subtotal).otherwise(total)
    return (
        pl.when(computed).then(text_of(price)).otherwise(unreadable),
        pl.when(computed).then(text_of(price * count - after)),
    )
