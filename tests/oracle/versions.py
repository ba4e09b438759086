"""Versions and conflicts: the row of a key that counts.

A versioned feed keeps every version and the greatest `updated_at` counts. Of different contents under one key (and one
`updated_at`), the content hash chooses. Which columns a feed has belongs in `rows`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

__all__ = ["Row", "canonical", "content_hash", "grouped", "versions", "winner"]

Row = dict[str, Any]
Each = TypeVar("Each")

# What of a payment becomes known later: the row that fills most of these counts before any hash.
PAYMENT_FILLING = (
    "method",
    "fee_amount",
    "payout_id",
    "payout_at",
    "return_id",
    "goods_amount",
    "tax_amount",
    "shipping_amount",
)


def canonical(value: object) -> str:
    """Return the canonical form of a value: instants in UTC, decimals without trailing zeros."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, datetime):
        return str(value).rstrip("0") if value.microsecond else str(value)
    return str(value)


def content_hash(row: Row) -> str:
    """Return the SHA-256 over the sorted pairs of the contract columns that are not null, tokens aside."""
    pairs = sorted(
        (name, value)
        for name, value in row["_raw"].items()
        if value is not None and not name.startswith("_") and not name.endswith("_token")
    )
    return hashlib.sha256("\x1f".join(f"{name}={canonical(value)}" for name, value in pairs).encode()).hexdigest()


def _tokens(row: Row) -> str:
    return "\x1f".join(f"{n}={v}" for n, v in sorted(row["_raw"].items()) if n.endswith("_token") and v is not None)


def winner(rows: Iterable[Row], *, is_payment: bool = False) -> Row:
    """Return the row that counts of rows under one key: the fullest payment, else the greatest content hash.

    Of equal contents from two sources, the first source by name counts.
    """
    rows = sorted(rows, key=lambda row: (row["_source"], row["_received_at"], row["_file_id"], row["_record"]))
    if len(rows) == 1:
        return rows[0]

    def weight(row: Row) -> tuple[int, str, str]:
        filled = sum(row["_raw"].get(name) is not None for name in PAYMENT_FILLING) if is_payment else 0
        return filled, content_hash(row), _tokens(row)

    return max(rows, key=weight)  # of equal weights the first


def grouped(rows: Iterable[Each], key: Callable[[Each], Any]) -> dict[Any, list[Each]]:
    """Return rows, or other things, by key."""
    groups: dict[Any, list[Each]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def versions(rows: Iterable[Row]) -> list[Row]:
    """Return the versions of one record in the order of their clock, one row an instant."""
    by_clock = grouped(rows, lambda row: row["updated_at"])
    return [winner(by_clock[clock]) for clock in sorted(by_clock)]
