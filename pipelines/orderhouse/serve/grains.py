"""Cells of published tables: the key of a table, the row that a key selects, and the column asked for."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.serve.relations import find_table, quoted
from orderhouse.storage.sql_names import quote

__all__ = ["Cell", "find_cell", "key_columns", "subjects_of"]

# Types of columns that a key may have; amounts, flags and instants tell no rows apart, or do so by chance.
KEY_TYPES = ("VARCHAR", "DATE", "BIGINT")
# Columns that name the subject of a row, in the order in which they are tried. An order, payout or credit note is the
# subject also of rows with keys of their own, such as payments and entries of the journal.
OWNERS = ("order_id", "payout_id", "return_id", "cart_id", "customer_key", "sku")
OWNERS_OF_ENTRIES = ("order_id", "payout_id", "return_id")
# What a subject owns beside itself, by column of the ids.
OWNED = {
    "customer_key": {
        "order_id": "select customer_key, order_id from published.marts.fct_orders "
        "where list_contains($values, customer_key) and order_id is not null",
        "customer_id": "select customer_key, customer_id from published.marts.dim_customers "
        "where list_contains($values, customer_key) and customer_id is not null",
        "email_token": "select customer_key, email_token from published.marts.dim_customers "
        "where list_contains($values, customer_key) and email_token is not null",
    },
    "payout_id": {
        "order_id": "select payout_id, order_id from held.raw.payments "
        "where list_contains($values, payout_id) and order_id is not null union "
        "select payouts.payout_id, payments.order_id from held.raw.payouts as payouts "
        "inner join held.raw.payments as payments using (payment_id) "
        "where list_contains($values, payouts.payout_id) and payments.order_id is not null",
    },
    "cart_id": {
        "order_id": "select cart_id, order_id from held.raw.carts "
        "where list_contains($values, cart_id) and order_id is not null",
    },
}
NUMBERS = ("_quantity", "_count", "_amount", "_reporting", "_days", "_hours", "_batch_id")


@dataclass(frozen=True)
class Cell:
    """One cell of a published table.

    Attributes:
        table: Schema and table.
        column: The column.
        row: The whole row.
        key: The key's columns with their values.
        value: The published value.
    """

    table: str
    column: str
    row: dict[str, Any]
    key: dict[str, Any]
    value: Any

    def __str__(self) -> str:
        key = ", ".join(f"{name} {value}" for name, value in self.key.items())
        return f"{self.column} of {self.table} ({key})"

    @property
    def model(self) -> str:
        """Return the name of the model, which is that of the table."""
        return self.table.split(".")[1]

    @property
    def quoted_column(self) -> str:
        """Return the column, quoted."""
        return quote(self.column)

    @property
    def condition(self) -> str:
        """Return the condition that selects the row, with one parameter for each value."""
        return " and ".join(f"{quote(name)} is not distinct from ?" for name in self.key)

    @property
    def values(self) -> list[Any]:
        """Return the parameters of the condition."""
        return list(self.key.values())

    def figures(self, columns: Sequence[str]) -> tuple[Any, ...]:
        """Return published values of the row."""
        return tuple(self.row[column] for column in columns)

    def subjects(self, connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
        """Return what the row is about: ids of an order, payout, return, cart, customer or SKU; nothing of a sum."""
        for column in OWNERS:
            value = self.row.get(column)
            if value is not None and (column in self.key or column in OWNERS_OF_ENTRIES):
                return subjects_of(connection, column, [str(value)])
        return {}


def subjects_of(
    connection: duckdb.DuckDBPyConnection, column: str, values: Sequence[str]
) -> dict[str, list[tuple[str, str]]]:
    """Return everything that given orders, payouts, carts, customers, SKUs or feedback own, by column.

    Args:
        connection: The connection of a world.
        column: The column that names them.
        values: Their ids. Each owns what is returned for it.
    """
    owned: dict[str, list[tuple[str, str]]] = {}
    if column != "customer_key":
        owned[column] = [(value, value) for value in values]
    for found, query in OWNED.get(column, {}).items():
        pairs = connection.execute(query, {"values": list(values)}).fetchall()
        owned.setdefault(found, []).extend(pairs)
    return owned


def find_cell(connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str], column: str) -> Cell:
    """Return one cell of the version that is attached as `published`.

    Args:
        connection: The connection.
        table: The table, with or without its schema.
        key: Values in the order of `key_columns`, or `column=value`.
        column: The column.

    Raises:
        OrderhouseError: There is no such table or column, or the key selects no row, or several.
    """
    connection.execute("use published")
    try:
        name = find_table(connection, table)
        columns = _columns(connection, name)
        if column not in columns:
            near = difflib.get_close_matches(column, columns, n=1)
            raise OrderhouseError(f"{name} has no column {column!r}." + (f" Did you mean {near[0]}?" if near else ""))
        given = _given(connection, name, key, columns)
        condition = " and ".join(
            f"{quote(each)} is not distinct from ?::{columns[each]}" if value is not None else f"{quote(each)} is null"
            for each, value in given.items()
        )
        relation = connection.execute(
            f"select * from {quoted(name)} where {condition} limit 2",  # noqa: S608 - quoted names
            [value for value in given.values() if value is not None],
        )
        names = [each[0] for each in relation.description or []]
        rows = relation.fetchall()
    except duckdb.ConversionException as error:
        raise OrderhouseError(f"A value of the key does not fit its column: {str(error).splitlines()[0]}") from None
    finally:
        connection.execute("use warehouse")
    if len(rows) != 1:
        what = "no row" if not rows else "more than one row"
        raise OrderhouseError(
            f"{name} has {what} with {', '.join(f'{each} = {value}' for each, value in given.items())}. "
            f"Its key is {', '.join(key_columns(connection, name))}. Give its values in this order, or `column=value`."
        )
    row = dict(zip(names, rows[0], strict=True))
    return Cell(name, column, row, {each: row[each] for each in given}, row[column])


def key_columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the columns that tell the rows of a published table apart: the first ones that do so together."""
    columns = _columns(connection, table)
    place = f"published.{quoted(table)}"
    likely = [
        name
        for name, kind in columns.items()
        if kind in KEY_TYPES and not name.endswith(NUMBERS) and not name.startswith("_")
    ]
    likely.sort(key=lambda name: columns[name] == "BIGINT")
    others = [name for name in columns if name not in likely and not name.startswith("_")]
    chosen: list[str] = []
    (total,) = connection.execute(f"select count(*) from {place}").fetchall()[0]  # noqa: S608
    for name in (*likely, *others):
        chosen.append(name)
        listed = ", ".join(quote(each) for each in chosen)
        (apart,) = connection.execute(f"select count(*) from (select distinct {listed} from {place})").fetchall()[0]  # noqa: S608
        if apart == total:
            return chosen
    return chosen


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    schema, name = table.split(".")
    found = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = 'published' and schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    return dict(found)


def _given(
    connection: duckdb.DuckDBPyConnection, table: str, key: Sequence[str], columns: dict[str, str]
) -> dict[str, str | None]:
    """Return the conditions that a user gave, by column; an empty value means null."""
    named = [part.partition("=") for part in key]
    if named and all(mark and name in columns for name, mark, _ in named):
        return {name: value or None for name, _, value in named}
    values = [value for part in key for value in part.split(",")]
    names = key_columns(connection, table)
    if len(values) > len(names) or not values:
        raise OrderhouseError(
            f"The key of {table} is {', '.join(names)}. Give these values in this order, or `column=value`."
        )
    return {name: value or None for name, value in zip(names, values, strict=False)}
