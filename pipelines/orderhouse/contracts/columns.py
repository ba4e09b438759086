"""Column types of the contracts, with the properties that each column carries.

A column carries its type, whether it is part of the key, and whether it is personal. The raw tables, the parsing of
text and the vault are derived from these properties. The columns of one feed belong in the module of that feed.
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
    "promise",
    "rate",
    "text",
    "units",
    "word",
]

MONEY_SCALE = 4
# Digits before the point. No amount or quantity needs more; an article number in the wrong column has twelve or
# thirteen and is caught; and sums and products still fit into the eighteen digits of an amount.
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
    """Return a column's contract type: text, instant, date, money, number, rate, units, bool, currency or country."""
    metadata: dict[str, Any] = column.metadata or {}
    return str(metadata["type"])


def text(description: str = "", *, key: bool = False, required: bool = False) -> dy.String:
    """Declare trimmed text; empty text is null."""
    return dy.String(nullable=not required, description=description, metadata=_meta("text", key=key))


def identifier(
    description: str = "", *, key: bool = False, required: bool = False, is_of_order: bool = False
) -> dy.String:
    """Declare an id that a system assigned itself, so that another system may have assigned the same one.

    The prefixes of a source keep the ids of systems apart: `order_id_prefix` for ids of orders, `id_prefix` for all
    other ids.
    """
    whose = "order" if is_of_order else "other"
    return dy.String(nullable=not required, description=description, metadata=_meta("text", key=key, id_of=whose))


def word(description: str = "", *, key: bool = False, required: bool = False) -> dy.String:
    """Declare a text with a vocabulary: stored as the source wrote it, mapped by the dbt models."""
    return dy.String(nullable=not required, description=description, metadata=_meta("text", key=key, enumerated=True))


def label(description: str = "", *, key: bool = False) -> dy.String:
    """Declare a name that a source's vocabulary may map; a name in no vocabulary stays as written."""
    return dy.String(nullable=True, description=description, metadata=_meta("text", key=key, is_label=True))


def personal(description: str, *, kind: str) -> dy.String:
    """Declare personal data: the value goes to the vault, and a token to the row.

    Equal values of one kind have one token.
    """
    return dy.String(nullable=True, description=description, metadata=_meta("text", pii=kind))


def instant(description: str = "", *, key: bool = False, required: bool = False) -> dy.Datetime:
    """Declare an instant, stored as UTC microseconds without zone."""
    return dy.Datetime(
        nullable=not required, time_unit="us", description=description, metadata=_meta("instant", key=key)
    )


def promise(description: str = "", *, days: str) -> dy.Datetime:
    """Declare an instant that may be given as a calendar day, such as a promise or an estimate.

    A day is stored as its midnight without any zone; the models place it in the business time zone. The column `days`
    is true for these rows: it may be given, and a value without a time of day sets it.
    """
    return dy.Datetime(nullable=True, time_unit="us", description=description, metadata=_meta("instant", days=days))


def date(description: str = "", *, key: bool = False, required: bool = False) -> dy.Date:
    """Declare a calendar day."""
    return dy.Date(nullable=not required, description=description, metadata=_meta("date", key=key))


def money(description: str = "", *, required: bool = False, signed: bool = False) -> dy.Decimal:
    """Declare an exact amount in the currency beside it, with at most four decimals; not negative unless signed."""
    return dy.Decimal(
        18,
        MONEY_SCALE,
        nullable=not required,
        check=None if signed else {"not_negative": lambda column: column >= 0},
        description=description,
        metadata=_meta("money"),
    )


def number(description: str = "") -> dy.Decimal:
    """Declare an exact number that is not an amount, with at most four decimals."""
    return dy.Decimal(18, MONEY_SCALE, nullable=True, description=description, metadata=_meta("number"))


def rate(description: str = "", *, required: bool = False) -> dy.Decimal:
    """Declare an exchange rate above zero, with at most eight decimals."""
    return dy.Decimal(
        18,
        8,
        nullable=not required,
        check={"above_zero": lambda column: column > 0},
        description=description,
        metadata=_meta("rate"),
    )


def units(description: str = "", *, required: bool = False, above_zero: bool = False, signed: bool = False) -> dy.Int64:
    """Declare a whole number of units: not negative unless signed, and above zero where zero has no meaning."""
    if above_zero:
        check = {"above_zero": lambda column: column > 0}
    else:
        check = {} if signed else {"not_negative": lambda column: column >= 0}
    return dy.Int64(nullable=not required, check=check, description=description, metadata=_meta("units"))


def boolean(description: str = "") -> dy.Bool:
    """Declare true, false or null."""
    return dy.Bool(nullable=True, description=description, metadata=_meta("bool"))


def currency(description: str = "", *, key: bool = False, required: bool = False) -> dy.String:
    """Declare an ISO-4217 code."""
    known = sorted(CURRENCIES)
    return dy.String(
        nullable=not required,
        check={"iso_4217": lambda column: column.is_in(known)},
        description=description,
        metadata=_meta("currency", key=key),
    )


def country(description: str = "") -> dy.String:
    """Declare an ISO-3166 alpha-2 code."""
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
    days: str | None = None,
) -> dict[str, Any]:
    return {
        "type": kind,
        "key": key,
        "enumerated": enumerated,
        "is_label": is_label,
        "pii": pii,
        "id_of": id_of,
        "days": days,
    }
