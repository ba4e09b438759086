"""Reporting currency of a home: the declared one, else the one that all orders share, else EUR.

It depends on the received rows alone, so a rebuild and another order of arrival give the same. The conversion of
amounts belongs to dbt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import duckdb

__all__ = ["DEFAULT_CURRENCY", "CurrencyChoice", "currency_of_orders"]

DEFAULT_CURRENCY = "EUR"

# Rows of files and replays that were read anew since do not count.
CURRENCIES = """
select distinct orders.currency from raw.orders as orders
where
    orders.currency is not null
    and not exists (
        select 1 from raw.superseded_loads as superseded
        where
            superseded.source = orders._source
            and superseded.file_id = orders._file_id
            and superseded.batch_id > orders._batch_id
    )
    and not exists (
        select 1 from raw.superseded_replays as superseded
        where
            superseded.feed = 'orders'
            and superseded.source = orders._source
            and superseded.file_id = orders._file_id
            and superseded.record = orders._record
            and superseded.batch_id = orders._batch_id
    )
"""


@dataclass(frozen=True)
class CurrencyChoice:
    """Reporting currency of a build.

    Attributes:
        currency: ISO-4217 code.
        origin: `declared` in settings or sources file, `orders` (all of them have it), or `default`.
    """

    currency: str
    origin: Literal["declared", "orders", "default"]


def currency_of_orders(raw: duckdb.DuckDBPyConnection) -> CurrencyChoice:
    """Return the reporting currency of a home that declares none."""
    found = [str(currency) for (currency,) in raw.execute(f"select * from ({CURRENCIES}) limit 2").fetchall()]  # noqa: S608
    return CurrencyChoice(found[0], "orders") if len(found) == 1 else CurrencyChoice(DEFAULT_CURRENCY, "default")
