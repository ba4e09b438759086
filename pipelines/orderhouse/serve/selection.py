"""The rows of the feeds that belong to an order or a SKU, and the rows that tell of it directly.

`related` widens what a question is about: first to the order alone, then to everything that shares its stock, its
parcels or its customer. The rows themselves are loaded by `worlds`.
"""

# ruff: noqa: S608 - the statements hold names of feeds and columns, never values

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb

from orderhouse.serve.worlds import feeds_of
from orderhouse.storage.sql_names import quote

__all__ = ["FeedRow", "choose", "conditions", "rows_of", "widen"]

ORDERS = "memory.main.chosen_orders"
SKUS = "memory.main.chosen_skus"
OF_ORDER = f"order_id in (select id from {ORDERS})"
PARCELS = f"select shipment_id from held.raw.shipments where {OF_ORDER}"
RETURNS = f"select return_id from held.raw.returns where {OF_ORDER}"
OF_SKU = f"sku in (select id from {SKUS})"
GOODS = " union ".join(
    f"select sku from held.raw.{feed} where {OF_ORDER}" for feed in ("order_lines", "shipments", "returns")
)  # fmt: skip


@dataclass(frozen=True)
class FeedRow:
    """One row of a feed, and its place in the file that brought it.

    Attributes:
        feed: The feed.
        key: The values of the row's ids, for people.
        path: Path of the file.
        record: Number of the record, which is the line in line formats.
        place: Source, file and record.
    """

    feed: str
    key: str
    path: str
    record: int
    place: tuple[str, str, int]


def choose(connection: duckdb.DuckDBPyConnection, orders: Iterable[str], skus: Iterable[str] = ()) -> None:
    """Choose orders and SKUs by their ids."""
    for table, ids in ((ORDERS, orders), (SKUS, skus)):
        connection.execute(
            f"create or replace table {table} as select distinct unnest($ids::varchar[]) as id", {"ids": list(ids)}
        )


def widen(connection: duckdb.DuckDBPyConnection) -> None:
    """Choose also the goods of the chosen orders, and all orders that share goods, parcels or a customer with them."""
    connection.execute(f"insert into {SKUS} select distinct sku from ({GOODS}) where sku is not null")
    shared = " union ".join(
        f"select order_id from held.raw.{feed} where {condition}"
        for feed, condition in (
            ("order_lines", OF_SKU),
            ("shipments", OF_SKU),
            ("returns", OF_SKU),
            ("shipments", f"shipment_id in ({PARCELS})"),
            ("orders", f"customer_id in (select customer_id from held.raw.orders where {OF_ORDER})"),
            ("orders", f"email_token in (select email_token from held.raw.orders where {OF_ORDER})"),
        )
    )
    connection.execute(f"insert into {ORDERS} select distinct order_id from ({shared}) where order_id is not null")


def conditions() -> dict[str, str]:
    """Return the condition on the rows of each feed under which they belong to the chosen orders and SKUs.

    Feeds that are not named (rates, price lists) belong to every question.
    """
    numbers = f"select tracking_number from held.raw.shipments where shipment_id in ({PARCELS})"
    paid = f"select payment_id from held.raw.payments where {OF_ORDER}"
    return {
        "orders": OF_ORDER,
        "order_lines": OF_ORDER,
        "feedback": OF_ORDER,
        "payments": f"{OF_ORDER} or parent_payment_id in ({paid}) or return_id in ({RETURNS})",
        "shipments": f"shipment_id in ({PARCELS})",
        "tracking": f"shipment_id in ({PARCELS}) or tracking_number in ({numbers})",
        "returns": f"return_id in ({RETURNS})",
        "actions": OF_ORDER,
        "carts": f"cart_id in (select cart_id from held.raw.carts where {OF_ORDER})",
        "products": f"sku in ({GOODS}) or {OF_SKU}",
        "customers": f"customer_id in (select customer_id from held.raw.orders where {OF_ORDER})",
        "stock": OF_SKU,
        "inbound": OF_SKU,
    }


def rows_of(connection: duckdb.DuckDBPyConnection) -> list[FeedRow]:
    """Return the loaded rows that belong to the chosen orders and SKUs, with their places, feed by feed."""
    belonging = conditions()
    found: list[FeedRow] = []
    for feed in [name for name in feeds_of(connection) if name in belonging]:
        columns = {
            name
            for (name,) in connection.execute(
                "select column_name from duckdb_columns() where database_name = 'raw' and table_name = ?", [feed]
            ).fetchall()
        }
        ids = [name for name in KEYS if name in columns]
        shown = ", ".join(f"{quote(name)}::varchar" for name in ids)
        rows: list[tuple[Any, ...]] = connection.execute(
            f"select _source, _file_id, _record, coalesce(files.path, _file_id), concat_ws(' ', {shown}) "
            f"from raw.raw.{quote(feed)} left join (select source, file_id, any_value(path) as path from raw.raw.files "
            "group by all) as files on files.source = _source and files.file_id = _file_id "
            f"where {belonging[feed]} order by all"
        ).fetchall()
        found += [FeedRow(feed, key, path, record, (source, file, record)) for source, file, record, path, key in rows]
    return found


# The ids and words by which people tell rows of a feed apart.
KEYS = (
    "order_id", "line_id", "payment_id", "shipment_id", "return_id", "action_id", "cart_id", "feedback_id",
    "movement_id", "po_id", "customer_id", "sku", "kind", "status",
)  # fmt: skip
