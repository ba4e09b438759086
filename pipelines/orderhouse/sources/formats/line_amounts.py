"""Unit prices of files that give the amount of a whole order line.

An amount that no unit price of four decimals gives to the cent, which is possible from a hundred units on, gets the
next higher price and the rest as discount, so that the line's net amount stays exact.
"""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.notation import Notation
from orderhouse.sources.formats.line_numbers import ONE, in_last_decimals, plain_numbers, received, units, written

__all__ = ["LINE_AMOUNT", "with_unit_prices"]

LINE_AMOUNT = "line_amount"
# Half a cent, in units of the last decimal.
HALF_A_CENT = ONE // 200


def with_unit_prices(frame: pl.DataFrame, notation: Notation) -> pl.DataFrame:
    """Return records with `unit_price` (and `discount_amount`) from `line_amount`, where that has a value.

    A line amount that is no amount becomes the unit price as it is, so that its row is quarantined with it.

    Args:
        frame: Columns of order lines, as text or typed, and `line_amount`.
        notation: How the source writes numbers.
    """
    amount, count = in_last_decimals(plain_numbers(frame, LINE_AMOUNT, notation)), units(frame, notation)
    price, rest = _divided(amount, count)
    given, text = received(frame, "unit_price", notation), received(frame, LINE_AMOUNT, notation)
    is_divided = price.is_not_null()
    is_bad = text.is_not_null() & (amount.is_null() | count.is_null())
    prices = given.zip_with(text.is_null(), written(price, notation)).zip_with(~is_bad, text)
    columns = [prices.alias("unit_price")]
    has_rest = is_divided & (rest > 0)
    if has_rest.any():
        columns.append(_with_rest(frame, rest.set(~has_rest, None), notation))
    return frame.drop(LINE_AMOUNT).with_columns(columns)


def _divided(amount: pl.Series, units: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return unit prices, and what the units at that price are worth more than the amount, in last decimals."""
    numbers = pl.DataFrame({"amount": amount, "units": units})
    size, count = pl.col("amount").abs(), pl.col("units")
    near = (2 * size + count) // (2 * count)
    above = (size + count - 1) // count
    numbers = numbers.with_columns(
        price=pl.when(count > 0)
        .then(pl.when((near * count - size).abs() < HALF_A_CENT).then(near).otherwise(above))
        .when(size == 0)
        .then(0)
    ).with_columns(rest=pl.col("price") * count - size)
    rest = pl.when(pl.col("rest") >= HALF_A_CENT).then("rest").otherwise(0)
    return tuple(numbers.select(pl.col("price") * pl.col("amount").sign(), rest))  # type: ignore[return-value]


def _with_rest(frame: pl.DataFrame, rest: pl.Series, notation: Notation) -> pl.Series:
    """Return discounts with the rest of their line added; a discount that is no amount stays as it is."""
    given, plain = received(frame, "discount_amount", notation), plain_numbers(frame, "discount_amount", notation)
    discount = in_last_decimals(plain).set(plain.is_null(), 0)
    total = written(discount + rest, notation)
    return given.zip_with(total.is_null(), total).alias("discount_amount")
