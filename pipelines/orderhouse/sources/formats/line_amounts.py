"""Unit prices of files that give the amount of a whole order line.

An amount that no unit price of four decimals gives to the cent, which is possible from a hundred units on, gets the
next higher price and the rest as discount, so that the line's net amount stays exact.
"""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import MONEY_SCALE
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import as_text

__all__ = ["LINE_AMOUNT", "with_unit_prices"]

LINE_AMOUNT = "line_amount"
MONEY = pl.Decimal(18, MONEY_SCALE)
ONE = 10**MONEY_SCALE
# Half a cent, in units of the last decimal.
HALF_A_CENT = ONE // 200
AMOUNT = r"^[+-]?0*[0-9]{0,11}(?:\.[0-9]{0,4}0*)?$"


def with_unit_prices(frame: pl.DataFrame, notation: Notation) -> pl.DataFrame:
    """Return records with `unit_price` (and `discount_amount`) from `line_amount`, where that has a value.

    A line amount that is no amount becomes the unit price as it is, so that its row is quarantined with it.

    Args:
        frame: Columns of order lines, as text or typed, and `line_amount`.
        notation: How the source writes numbers.
    """
    plain = {name: _plain(frame, name, notation) for name in (LINE_AMOUNT, "quantity", "discount_amount")}
    amount = plain[LINE_AMOUNT]
    units = plain["quantity"].str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    price, rest = _divided(_in_last_decimals(amount), units)
    given, text = _received(frame, "unit_price", notation), _received(frame, LINE_AMOUNT, notation)
    is_divided = price.is_not_null()
    is_bad = text.is_not_null() & (_in_last_decimals(amount).is_null() | units.is_null())
    prices = given.zip_with(text.is_null(), _written(price, notation)).zip_with(~is_bad, text)
    columns = [prices.alias("unit_price")]
    has_rest = is_divided & (rest > 0)
    if has_rest.any():
        columns.append(_with_rest(frame, plain["discount_amount"], rest.set(~has_rest, None), notation))
    return frame.drop(LINE_AMOUNT).with_columns(columns)


def _received(frame: pl.DataFrame, name: str, notation: Notation) -> pl.Series:
    """Return the values of a column as text in the source's notation; nulls if there is no such column."""
    if name not in frame.columns:
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)
    text = as_text(frame[name]).str.strip_chars().replace("", None)
    is_typed = frame.schema[name] != pl.String
    return text.str.replace(".", notation.decimal, literal=True) if is_typed and notation.decimal else text


def _plain(frame: pl.DataFrame, name: str, notation: Notation) -> pl.Series:
    return notation.plain_numbers(_received(frame, name, notation))


def _in_last_decimals(plain: pl.Series) -> pl.Series:
    """Return amounts as a whole number of their last decimal; null for what is no amount of four decimals."""
    exact = plain.set(~plain.str.contains(AMOUNT).fill_null(True), None).cast(MONEY, strict=False)
    return exact.to_physical().cast(pl.Int64)


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


def _written(number: pl.Series, notation: Notation) -> pl.Series:
    """Return last decimals as an amount in the source's notation."""
    size = number.abs()
    sign = pl.when(pl.lit(number) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = (size % ONE).cast(pl.String).str.pad_start(MONEY_SCALE, "0")
    point = notation.decimal or "."
    return pl.select(pl.concat_str(sign, (size // ONE).cast(pl.String), pl.lit(point), digits)).to_series()


def _with_rest(frame: pl.DataFrame, plain: pl.Series, rest: pl.Series, notation: Notation) -> pl.Series:
    """Return discounts with the rest of their line added; a discount that is no amount stays as it is."""
    written = _received(frame, "discount_amount", notation)
    discount = _in_last_decimals(plain).set(plain.is_null(), 0)
    total = _written(discount + rest, notation)
    return written.zip_with(total.is_null(), total).alias("discount_amount")
