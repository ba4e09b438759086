"""Money as whole hundredths of a currency unit in int64, rounded half to even; never a float.

Currencies without a minor unit (JPY) have multiples of 100, their `step`.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from orderhouse.simulate.draws import Bools, Ints


def divide_half_even(numerator: Ints, denominator: Ints | int) -> Ints:
    """Return `numerator ÷ denominator` as the nearest whole number, halves to the even one; both not negative."""
    quotient, rest = np.divmod(numerator, denominator)
    up = (2 * rest > denominator) | ((2 * rest == denominator) & (quotient % 2 == 1))
    return np.asarray(quotient + up, dtype=np.int64)


def proportion(total: Ints, part: Ints, whole: Ints, step: Ints) -> Ints:
    """Return `total × part ÷ whole`, half-even to the currency's minor unit: R(k) of the definitions."""
    return divide_half_even(total * part, np.maximum(whole, 1) * step) * step


def decimals(hundredths: Ints, known: Bools | None = None, scale: int = 2) -> pl.Series:
    """Return amounts as a Decimal column of that scale, null where not `known`, by reuse of the bits."""
    words = np.empty((len(hundredths), 2), dtype="<i8")
    words[:, 0] = hundredths
    words[:, 1] = hundredths >> 63
    array = pa.Array.from_buffers(pa.decimal128(18, scale), len(hundredths), [None, pa.py_buffer(words.tobytes())])
    series = pl.Series(pl.from_arrow(array))
    if known is None:
        return series
    return pl.select(pl.when(pl.Series(known)).then(series)).to_series()
