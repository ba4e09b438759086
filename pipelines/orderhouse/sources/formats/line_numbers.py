"""Numbers of order lines while a mapping computes with them: as received, as whole last decimals, and written again."""

from __future__ import annotations

import polars as pl

from orderhouse.contracts.columns import MONEY_SCALE
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import as_text

__all__ = ["ONE", "in_last_decimals", "plain_numbers", "received", "units", "written"]

MONEY = pl.Decimal(18, MONEY_SCALE)
ONE = 10**MONEY_SCALE
AMOUNT = r"^[+-]?0*[0-9]{0,11}(?:\.[0-9]{0,4}0*)?$"


def received(frame: pl.DataFrame, name: str, notation: Notation) -> pl.Series:
    """Return the values of a column as text in the source's notation; nulls if there is no such column."""
    if name not in frame.columns:
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)
    text = as_text(frame[name]).str.strip_chars().replace("", None)
    is_typed = frame.schema[name] != pl.String
    return text.str.replace(".", notation.decimal, literal=True) if is_typed and notation.decimal else text


def plain_numbers(frame: pl.DataFrame, name: str, notation: Notation) -> pl.Series:
    """Return the values of a column with a decimal point; null where a value is not written as declared."""
    return notation.plain_numbers(received(frame, name, notation))


def units(frame: pl.DataFrame, notation: Notation) -> pl.Series:
    """Return quantities as whole numbers; null for what is none."""
    plain = plain_numbers(frame, "quantity", notation)
    return plain.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)


def in_last_decimals(plain: pl.Series) -> pl.Series:
    """Return amounts as a whole number of their last decimal; null for what is no amount of four decimals."""
    exact = plain.set(~plain.str.contains(AMOUNT).fill_null(True), None).cast(MONEY, strict=False)
    return exact.to_physical().cast(pl.Int64)


def written(number: pl.Series, notation: Notation) -> pl.Series:
    """Return last decimals as an amount in the source's notation."""
    size = number.abs()
    sign = pl.when(pl.lit(number) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = (size % ONE).cast(pl.String).str.pad_start(MONEY_SCALE, "0")
    point = notation.decimal or "."
    return pl.select(pl.concat_str(sign, (size // ONE).cast(pl.String), pl.lit(point), digits)).to_series()
