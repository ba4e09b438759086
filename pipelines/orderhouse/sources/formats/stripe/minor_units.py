"""Stripe's integers in a currency's smallest unit as exact amounts, and its epoch seconds as instants.

Stripe's list of smallest units differs from ISO-4217: an ISK or UGX amount has two digits that are always zero,
an MGA amount has none.
"""

from __future__ import annotations

import polars as pl

__all__ = ["amount_of", "instant_of"]

NO_DECIMALS = (
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
)
THREE_DECIMALS = ("bhd", "jod", "kwd", "omr", "tnd")
WHOLE = r"^[+-]?\d+$"
EPOCH = r"^\d{1,11}$"


def amount_of(amount: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Return an amount as decimal text, digit for digit.

    A value that is not an integer gets the words "minor units", so that the contract quarantines it.
    """
    code = currency.str.to_lowercase()
    sign = pl.when(amount.str.starts_with("-")).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = amount.str.strip_chars_start("+-")
    whole = (
        pl.when(code.is_in(NO_DECIMALS))
        .then(digits)
        .when(code.is_in(THREE_DECIMALS))
        .then(_with_point(digits, 3))
        .otherwise(_with_point(digits, 2))
    )
    is_whole = amount.str.contains(WHOLE)
    return pl.when(is_whole).then(pl.concat_str(sign, whole)).otherwise(amount + pl.lit(" minor units"))


def instant_of(seconds: pl.Expr) -> pl.Expr:
    """Return seconds since 1970 as an ISO-8601 instant in UTC; other values as they are."""
    is_epoch = seconds.str.contains(EPOCH)
    moment = pl.from_epoch(pl.when(is_epoch).then(seconds).cast(pl.Int64, strict=False), time_unit="s")
    return pl.when(is_epoch).then(moment.dt.to_string("%Y-%m-%dT%H:%M:%SZ")).otherwise(seconds)


def _with_point(digits: pl.Expr, places: int) -> pl.Expr:
    padded = digits.str.pad_start(places + 1, "0")
    return pl.concat_str(padded.str.head(-places), pl.lit("."), padded.str.tail(places))
