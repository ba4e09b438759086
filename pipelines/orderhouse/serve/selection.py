"""The rows of the feeds that belong to orders, SKUs, customers, carts, payouts and feedback.

Subjects are chosen, each for an owner, which is the subject that a person asked about: a customer owns the orders that
it placed. `conditions` selects what belongs to the chosen subjects, `widen` adds everything that shares stock, parcels
or a customer with them, and `rows_of` returns the rows by owner. The rows themselves are loaded by `worlds`.
"""

# ruff: noqa: S608 - the statements hold names of feeds and columns, never values

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb

from orderhouse.serve.worlds import feeds_of
from orderhouse.storage.sql_names import quote

__all__ = ["FeedRow", "Owned", "choose", "conditions", "rows_of", "widen"]

# Pairs of an owner and an id, by the column that the id is in.
Owned = Mapping[str, Iterable[tuple[str, str]]]

SUBJECTS = ("order_id", "sku", "customer_id", "email_token", "cart_id", "payout_id", "feedback_id", "return_id")


def _chosen(column: str) -> str:
    return f"select owner, id from memory.main.chosen_{column}"


def _through(feed: str, column: str) -> str:
    """Return the ids in a column of the rows of a feed that name a chosen order."""
    return (
        f"select owner, {column} as id from ({_chosen('order_id')}) inner join held.raw.{feed} as linked "
        f"on linked.order_id = id where {column} is not null"
    )


PARCELS = _through("shipments", "shipment_id")
NUMBERS = (
    f"select owner, tracking_number as id from ({PARCELS}) as parcels inner join held.raw.shipments as linked "
    "on linked.shipment_id = parcels.id where tracking_number is not null"
)
RETURNS = f"{_through('returns', 'return_id')} union {_chosen('return_id')}"
GOODS = " union ".join(_through(feed, "sku") for feed in ("order_lines", "shipments", "returns"))
CUSTOMERS = f"{_through('orders', 'customer_id')} union {_chosen('customer_id')}"
CARTS = f"{_through('carts', 'cart_id')} union {_chosen('cart_id')}"
OF_ORDER = ("order_id", _chosen("order_id"))
OF_SKU = ("sku", _chosen("sku"))

# The columns by which the rows of each feed belong to chosen subjects, with the ids. Feeds that are not named (rates,
# vocabularies) belong to every question.
BELONGING: dict[str, list[tuple[str, str]]] = {
    "orders": [OF_ORDER],
    "order_lines": [OF_ORDER],
    "feedback": [OF_ORDER, ("feedback_id", _chosen("feedback_id"))],
    "payments": [
        OF_ORDER,
        ("parent_payment_id", _through("payments", "payment_id")),
        ("return_id", RETURNS),
        ("payout_id", _chosen("payout_id")),
    ],
    "payouts": [("payout_id", _chosen("payout_id"))],
    "shipments": [("shipment_id", PARCELS)],
    "tracking": [("shipment_id", PARCELS), ("tracking_number", NUMBERS)],
    "returns": [("return_id", RETURNS)],
    "actions": [OF_ORDER],
    "carts": [("cart_id", CARTS), ("customer_id", _chosen("customer_id"))],
    "products": [("sku", GOODS), OF_SKU],
    "customers": [("customer_id", CUSTOMERS), ("email_token", _chosen("email_token"))],
    "stock": [OF_SKU],
    "inbound": [OF_SKU],
    "price_lists": [("sku", _through("order_lines", "sku"))],
}
# Movements of payouts explain cells of any order, and a price list sets the delivery window of all goods, so all are
# loaded; rows of a payout and prices of ordered goods alone are listed.
LOADED_WHOLE = ("payouts", "price_lists")


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


def choose(connection: duckdb.DuckDBPyConnection, owned: Owned) -> None:
    """Choose subjects: pairs of an owner and an id, by the column of the id."""
    for column in SUBJECTS:
        pairs = list(owned.get(column, ()))
        connection.execute(
            f"create or replace table memory.main.chosen_{column} as select distinct "
            "unnest($owners::varchar[]) as owner, unnest($ids::varchar[]) as id",
            {"owners": [owner for owner, _ in pairs], "ids": [each for _, each in pairs]},
        )


def widen(connection: duckdb.DuckDBPyConnection) -> None:
    """Choose also the goods of the chosen orders, and all orders that share goods, parcels or a customer with them."""
    goods = f"select owner, id from ({GOODS}) where id is not null"
    connection.execute(f"insert into memory.main.chosen_sku {goods} except {_chosen('sku')}")
    shared = " union ".join(
        f"select owner, order_id as id from ({ids}) as shared inner join held.raw.{feed} as linked "
        f"on linked.{column} = shared.id"
        for feed, column, ids in (
            ("order_lines", *OF_SKU),
            ("shipments", *OF_SKU),
            ("returns", *OF_SKU),
            ("shipments", "shipment_id", PARCELS),
            ("orders", "customer_id", CUSTOMERS),
            ("orders", "email_token", _through("orders", "email_token")),
        )
    )
    connection.execute(
        f"insert into memory.main.chosen_order_id select owner, id from ({shared}) where id is not null "
        f"except {_chosen('order_id')}"
    )


def conditions() -> dict[str, str]:
    """Return the condition on the rows of each feed under which they belong to the chosen subjects."""
    return {
        feed: " or ".join(f"{column} in (select id from ({ids}))" for column, ids in links)
        for feed, links in BELONGING.items()
        if feed not in LOADED_WHOLE
    }


def rows_of(connection: duckdb.DuckDBPyConnection) -> dict[str, list[FeedRow]]:
    """Return the received rows that belong to the chosen subjects, by owner, feed by feed, with their places."""
    found: dict[str, list[FeedRow]] = {}
    columns_of = _columns(connection)
    for feed in [name for name in feeds_of(connection) if name in BELONGING]:
        shown = ", ".join(f"feed.{quote(name)}::varchar" for name in KEYS if name in columns_of[feed])
        belonging = " union ".join(
            f"select ids.owner, _source, _file_id, _record from raw.raw.{quote(feed)} as feed "
            f"inner join ({ids}) as ids on feed.{quote(column)} = ids.id"
            for column, ids in BELONGING[feed]
        )
        rows = connection.execute(
            f"with belonging as ({belonging}) "
            "select distinct belonging.owner, _source, _file_id, _record, coalesce(files.path, _file_id) as path, "
            f"concat_ws(' ', {shown}) as shown from belonging "
            f"inner join raw.raw.{quote(feed)} as feed using (_source, _file_id, _record) "
            "left join (select source, file_id, any_value(path) as path from raw.raw.files group by all) as files "
            "on files.source = _source and files.file_id = _file_id order by all"
        ).fetchall()
        for owner, source, file, record, path, key in rows:
            found.setdefault(owner, []).append(FeedRow(feed, key, path, record, (source, file, record)))
    return found


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Return the columns of each loaded feed."""
    found: dict[str, set[str]] = {}
    for feed, column in connection.execute(
        "select table_name, column_name from duckdb_columns() where database_name = 'raw' and schema_name = 'raw'"
    ).fetchall():
        found.setdefault(feed, set()).add(column)
    return found


# The ids and words by which people tell rows of a feed apart.
KEYS = (
    "order_id", "line_id", "payment_id", "shipment_id", "return_id", "action_id", "cart_id", "feedback_id",
    "movement_id", "payout_id", "po_id", "price_list_id", "customer_id", "sku", "kind", "status",
)  # fmt: skip
