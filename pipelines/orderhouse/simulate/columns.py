"""Columns of feed records from the world's arrays: identifiers, words, instants, and the selection of rows to send.

The columns of one feed belong in the modules of the feeds.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.calendar import NEVER, Calendar
from orderhouse.simulate.catalogue import CURRENCIES
from orderhouse.simulate.draws import Bools, Ints
from orderhouse.simulate.orders import Orders


def numbered(prefix: str, numbers: Ints, width: int = 9) -> pl.Series:
    """Return identifiers such as OH-000000042."""
    return prefix + pl.Series(numbers).cast(pl.String).str.zfill(width)


def words(vocabulary: tuple[str, ...], index: Ints, known: Bools | None = None) -> pl.Series:
    """Return the words at those positions, null where not known."""
    filled = pl.Series([*vocabulary, None], dtype=pl.String)
    return filled.gather(index if known is None else np.where(known, index, len(vocabulary)))


def where(series: pl.Series, known: Bools) -> pl.Series:
    """Return the values where known, else null."""
    return pl.select(pl.when(pl.Series(known)).then(series)).to_series()


def instants(seconds: Ints, known: Bools | None = None) -> pl.Series:
    """Return UTC instants, null where NEVER or not known."""
    happens = seconds < NEVER
    if known is not None:
        happens = happens & known
    stamps = np.where(happens, seconds, 0) * 1_000_000
    series = pl.Series(stamps).cast(pl.Datetime("us", "UTC"))
    return pl.select(pl.when(pl.Series(happens)).then(series)).to_series()


def sent(at: Ints, calendar: Calendar, happens: Bools | None = None) -> Ints:
    """Return the positions of the rows to send: after `since`, not after `until`."""
    chosen = (at > calendar.since) & (at <= calendar.until)
    return np.flatnonzero(chosen if happens is None else chosen & happens).astype(np.int64)


def order_ids(orders: Orders, position: Ints) -> pl.Series:
    """Return the ids of the orders at those positions."""
    return numbered("OH-", orders.number[position])


def currency(orders: Orders, position: Ints) -> pl.Series:
    """Return the currencies of the orders at those positions."""
    return words(CURRENCIES, orders.currency[position])


def sku(product: Ints) -> pl.Series:
    """Return the SKUs of products."""
    return numbered("SKU-", product, 5)
