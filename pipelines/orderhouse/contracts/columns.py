"""The column types that contracts are written in, and what a column says about itself.

A column carries its type, whether it is part of the key, and whether it is personal; the raw tables, the parsing of
text and the vault are all derived from that. Which columns a feed has belongs in the feed's own module.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from orderhouse.contracts.codes import COUNTRIES, CURRENCIES
from orderhouse.contracts.dataframely_alone import Column, dy

__all__ = [
    "AMOUNT_LIMIT",
    "MONEY_SCALE",
    "POLARS_TYPES",
    "SQL_TYPES",
    "UNITS_LIMIT",
    "WHOLE_DIGITS",
    "boolean",
    "country",
    "currency",
    "date",
    "identifier",
    "instant",
    "kind_of",
    "label",
    "money",
    "number",
    "personal",
    "rate",
    "text",
    "units",
    "word",
]

MONEY_SCALE = 4
# Digits before the point: more than any one amount or quantity needs, fewer than the twelve or thirteen of an article's
# number that slipped into a wrong column, and so few that sums and products fit into the eighteen of an amount.
WHOLE_DIGITS = {"money": 11, "number": 11, "units": 9}
AMOUNT_LIMIT: int = 10 ** WHOLE_DIGITS["money"]
UNITS_LIMIT: int = 10 ** WHOLE_DIGITS["units"]

POLARS_TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "instant": pl.Datetime("us"),
    "date": pl.Date(),
    "money": pl.Decimal(18, MONEY_SCALE),
    "number": pl.Decimal(18, MONEY_SCALE),
    "rate": pl.Decimal(18, 8),
    "units": pl.Int64(),
    "bool": pl.Boolean(),
    "currency": pl.String(),
    "country": pl.String(),
}

SQL_TYPES: dict[str, str] = {
    "text": "VARCHAR",
    "instant": "TIMESTAMP",
    "date": "DATE",
    "money": "DECIMAL(18,4)",
    "number": "DECIMAL(18,4)",
    "rate": "DECIMAL(18,8)",
    "units": "BIGINT",
    "bool": "BOOLEAN",
    "currency": "VARCHAR",
    "country": "VARCHAR",
}


def kind_of(column: Column) -> str:
    """The contract type of a column: text, instant, date, money, number, rate, units, bool, currency or country."""
    metadata: dict[str, Any] = column.metadata or {}
    return str(metadata["type"])


def text(description: str = "", *, key: bool = False, required: bool = False) -> dy.String:
    """Trimmed text; empty is null."""
    return dy.String(nullable=not required, description=description, metadata=_meta("text", key=key))


def identifier(
    description: str = "", *, key: bool = False, required: bool = False, is_of_order: bool = False
) -> dy.String:
    """An id that a system gave to something of its own, so that another system may have given the same one.

    A source's prefixes keep the two apart: `order_id_prefix` for the ids of orders, `id_prefix` for all others.
    """
    whose = "order" if is_of_order else "other"
    return dy.String(nullable=not required, description=description, metadata=_meta("text", key=key, id_of=whose))


def word(description: str = "", *, key: bool = False, required: bool = False) -> dy.String:
    """An enumerated text, stored as the source wrote it and mapped to our words by tables, later."""
    return dy.String(nullable=not required, description=description, metadata=_meta("text", key=key, enumerated=True))


def label(description: str = "", *, key: bool = False) -> dy.String:
    """A name that a source's table of words may write another way; a name in no table stays as it is."""
    return dy.String(nullable=True, description=description, metadata=_meta("text", key=key, is_label=True))


def personal(description: str, *, kind: str) -> dy.String:
    """Personal data: the value goes to the vault, the row a token. Equal values of one kind share it."""
    return dy.String(nullable=True, description=description, metadata=_meta("text", pii=kind))


def instant(description: str = "", *, key: bool = False, required: bool = False) -> dy.Datetime:
    """A moment, kept as UTC microseconds without zone."""
    return dy.Datetime(
        nullable=not required, time_unit="us", description=description, metadata=_meta("instant", key=key)
    )


def date(description: str = "", *, key: bool = False, required: bool = False) -> dy.Date:
    """A calendar day."""
    return dy.Date(nullable=not required, description=description, metadata=_meta("date", key=key))


def money(description: str = "", *, required: bool = False, signed: bool = False) -> dy.Decimal:
    """An exact amount in the currency beside it, with at most four decimals; not below zero unless signed."""
    return dy.Decimal(
        18,
        MONEY_SCALE,
        nullable=not required,
        check=None if signed else {"not_negative": lambda column: column >= 0},
        description=description,
        metadata=_meta("money"),
    )


def number(description: str = "") -> dy.Decimal:
    """An exact number that is no amount, with at most four decimals."""
    return dy.Decimal(18, MONEY_SCALE, nullable=True, description=description, metadata=_meta("number"))


def rate(description: str = "", *, required: bool = False) -> dy.Decimal:
    """An exchange rate above zero, with at most eight decimals."""
    return dy.Decimal(
        18,
        8,
        nullable=not required,
        check={"above_zero": lambda column: column > 0},
        description=description,
        metadata=_meta("rate"),
    )


def units(description: str = "", *, required: bool = False, above_zero: bool = False, signed: bool = False) -> dy.Int64:
    """A whole number of units; not below zero unless signed, above zero where nothing else makes sense."""
    if above_zero:
        check = {"above_zero": lambda column: column > 0}
    else:
        check = {} if signed else {"not_negative": lambda column: column >= 0}
    return dy.Int64(nullable=not required, check=check, description=description, metadata=_meta("units"))


def boolean(description: str = "") -> dy.Bool:
    """True, false or not said."""
    return dy.Bool(nullable=True, description=description, metadata=_meta("bool"))


def currency(description: str = "", *, key: bool = False, required: bool = False) -> dy.String:
    """An ISO-4217 code."""
    known = sorted(CURRENCIES)
    return dy.String(
        nullable=not required,
        check={"iso_4217": lambda column: column.is_in(known)},
        description=description,
        metadata=_meta("currency", key=key),
    )


def country(description: str = "") -> dy.String:
    """An ISO-3166 alpha-2 code."""
    known = sorted(COUNTRIES)
    return dy.String(
        nullable=True,
        check={"iso_3166": lambda column: column.is_in(known)},
        description=description,
        metadata=_meta("country"),
    )


def _meta(
    kind: str,
    *,
    key: bool = False,
    enumerated: bool = False,
    is_label: bool = False,
    pii: str | None = None,
    id_of: str | None = None,
) -> dict[str, Any]:
    return {
        "type": kind,
        "key": key,
        "enumerated": enumerated,
        "is_label": is_label,
        "pii": pii,
        "id_of": id_of,
    }
