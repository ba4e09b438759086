"""Amounts and instants as WooCommerce writes them: a line has what it cost before and after discounts, not a price.

Everything is computed in whole ten-thousandths, so that quantity × unit price − discount is the line's total exactly.
"""

from __future__ import annotations

import polars as pl

__all__ = ["instant", "priced", "text_of", "units_of"]

AMOUNT = r"^-?\d{1,13}(?:\.\d{0,4}0*)?$"
OFFSET = r"(?:Z|z|[+-]\d{2}:?\d{2})$"
UNIT = 10_000


def instant(*names: str) -> pl.Expr:
    """The first of the instants that is there: those in `_gmt` are UTC, others local to the shop."""
    parts = [
        pl.when(pl.col(name).str.contains(OFFSET)).then(name).otherwise(pl.col(name) + pl.lit("Z"))
        if name.endswith("_gmt")
        else pl.col(name)
        for name in names
    ]
    return pl.coalesce(*(pl.when(pl.col(name) != "").then(part) for name, part in zip(names, parts, strict=True)))


def units_of(amount: pl.Expr) -> pl.Expr:
    """An amount in ten-thousandths; null where it is none, or finer than that."""
    exact = pl.when(amount.str.contains(AMOUNT)).then(amount).cast(pl.Decimal(18, 4), strict=False)
    return (exact * UNIT).cast(pl.Int64)


def text_of(units: pl.Expr) -> pl.Expr:
    """Ten-thousandths as decimal text, digit by digit."""
    sign = pl.when(units < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = units.abs().cast(pl.String).str.pad_start(5, "0")
    return pl.concat_str(sign, digits.str.head(-4), pl.lit("."), digits.str.tail(4))


def priced(subtotal: pl.Expr, total: pl.Expr, quantity: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Unit price and discount of a line, so that quantity × price − discount = total.

    Where the subtotal does not divide by the quantity, the price is the next ten-thousandth above, and the little that
    this is too much is part of the discount. Where the total is more than the subtotal, the total is what divides.
    What is no amount is handed on as it is, so that the line is stopped.

    Args:
        subtotal: What the line cost before discounts, as text.
        total: What it cost after them, as text.
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
