"""Discounts of files that give them as a share of the line's amount, such as 0.15 or 15%.

The amount of four decimals that is nearest to the share is the discount; of two that are equally near, the even one.
"""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.notation import Notation
from orderhouse.sources.formats.line_amounts import LINE_AMOUNT
from orderhouse.sources.formats.line_numbers import in_last_decimals, plain_numbers, received, units, written

__all__ = ["DISCOUNT_SHARE", "with_discounts"]

DISCOUNT_SHARE = "discount_share"
DECIMALS = 12
WHOLE = 10**DECIMALS
SHARE = pl.Decimal(DECIMALS + 3, DECIMALS)
NO_SHARE = " (not a share from 0 to 1, or from 0% to 100%)"


def with_discounts(frame: pl.DataFrame, notation: Notation) -> pl.DataFrame:
    """Return records with `discount_amount` from `discount_share`, where that has a value.

    A share that is none becomes the discount with a remark, so that its row is quarantined with it.

    Args:
        frame: Columns of order lines, as text or typed, and `discount_share`.
        notation: How the source writes numbers.
    """
    text = received(frame, DISCOUNT_SHARE, notation)
    share = _share(text, notation)
    numbers = pl.DataFrame({"gross": _gross(frame, notation), "share": share})
    discount = written(numbers.select(_nearest()).to_series(), notation)
    is_bad = text.is_not_null() & share.is_null()
    remarked = text + NO_SHARE
    found = discount.zip_with(~is_bad, remarked).alias("discount_amount")
    return frame.drop(DISCOUNT_SHARE).with_columns(found)


def _gross(frame: pl.DataFrame, notation: Notation) -> pl.Series:
    """Return the amount of each line before discount, in last decimals; null if the line has none."""
    price, amount = (in_last_decimals(plain_numbers(frame, name, notation)) for name in ("unit_price", LINE_AMOUNT))
    return amount.zip_with(amount.is_not_null(), price * units(frame, notation))


def _share(text: pl.Series, notation: Notation) -> pl.Series:
    """Return shares as whole numbers of their last decimal; null for what is none."""
    is_percent = text.str.contains(r"%\s*$").fill_null(False)
    plain = notation.plain_numbers(text.str.replace(r"\s*%\s*$", "")).cast(SHARE, strict=False)
    number = plain.to_physical().cast(pl.Int64)
    exact = (number // 100).zip_with(is_percent, number)
    return exact.set(~exact.is_between(0, WHOLE).fill_null(False), None)


def _nearest() -> pl.Expr:
    """Return the product of amount and share, rounded to whole last decimals."""
    product = pl.col("gross").abs().cast(pl.Int128) * pl.col("share").cast(pl.Int128)
    whole = pl.lit(WHOLE, pl.Int128)
    below, rest = product // whole, product % whole
    half = pl.lit(WHOLE // 2, pl.Int128)
    is_above = (rest > half) | ((rest == half) & (below % pl.lit(2, pl.Int128) == 1))
    return (below.cast(pl.Int64) + is_above.cast(pl.Int64)) * pl.col("gross").sign()
