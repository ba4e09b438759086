"""Tables that rules look at: their rows, key, fields, state and amount in the published version.

Every table is a query over published tables. What a field means is defined in dbt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from orderhouse.errors import OrderhouseError
from orderhouse.serve.kpis import complete_days, kpis_of_periods

__all__ = ["SUBJECTS", "Subject", "fields_of", "query_of", "relation"]

QUERIES = Path(__file__).with_name("tables")
KPI_DAYS = 28


@dataclass(frozen=True)
class Subject:
    """One table of rules.

    Attributes:
        source: Published table, or a file of the folder `tables` with its query.
        key: Columns that identify a row.
        noun: Name of one row.
        state: Columns that make up the state of a row.
        order: Column of the order; None if a row belongs to none.
        line: Column of the order line on which actions are taken; None for the order itself.
        amount: Column of the amount in the reporting currency by which approvals are asked for.
    """

    source: str
    key: tuple[str, ...]
    noun: str
    state: tuple[str, ...]
    order: str | None = None
    line: str | None = None
    amount: str | None = None


SUBJECTS = {
    "orders": Subject(
        "orders.sql", ("order_id",), "order",
        ("order_status", "payment_status", "fulfilment_status", "delivery_status", "return_status"),
        order="order_id", amount="due_amount_reporting",
    ),
    "order_lines": Subject(
        "ops.order_lines", ("order_id", "line_id"), "order line",
        ("shipped_quantity", "delivered_quantity", "returned_quantity", "cancelled_quantity", "backordered_quantity"),
        order="order_id", line="line_id",
    ),
    "shipments": Subject(
        "ops.shipments", ("shipment_id", "order_id"), "parcel", ("delivery_status",),
        order="order_id",
    ),
    "returns": Subject(
        "returns.sql", ("return_id", "line_id"), "return", ("return_status",),
        order="order_id", amount="value_amount_reporting",
    ),
    "exceptions": Subject(
        "ops.exceptions", ("exception_id",), "exception", ("code", "opened_at"),
        order="order_id", amount="amount_at_stake_reporting",
    ),
    "positions": Subject(
        "marts.fct_inventory_positions", ("position_level", "sku", "warehouse_id"), "position",
        ("stockout_risk",), amount="stock_value_amount",
    ),
    "customers": Subject("customers.sql", ("customer_key",), "customer", ("lifecycle", "rfm_segment")),
    "kpis": Subject("kpis.sql", ("kpi",), "KPI", ("is_off_target",)),
}  # fmt: skip


def query_of(table: str, business_date: date) -> tuple[str, list[date]]:
    """Return the query of a table's rows, and its parameters.

    Args:
        table: Name of the table.
        business_date: Business day of the published version.
    """
    source = SUBJECTS[table].source
    if not source.endswith(".sql"):
        return f"from {source}", []
    query = (QUERIES / source).read_text(encoding="utf-8")
    if table != "kpis":
        return query, []
    first, last = complete_days(business_date, KPI_DAYS)
    days = [first, last, *complete_days(first, KPI_DAYS)]
    return query.replace("{{ kpis_of_periods }}", kpis_of_periods()), days


def relation(table: str, published: duckdb.DuckDBPyConnection) -> tuple[str, list[date]]:
    """Return the query of a table's rows in an open published version, and its parameters."""
    ((business_date,),) = published.execute("select business_date from marts.as_of").fetchall()
    return query_of(table, business_date)


def fields_of(table: str, published: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the types of the fields of a table, by name; columns of lineage are left out.

    Raises:
        OrderhouseError: Another release built the published version.
    """
    query, parameters = relation(table, published)
    try:
        rows = published.sql(query, params=parameters)
    except (duckdb.CatalogException, duckdb.BinderException):
        raise OrderhouseError(
            f"The published version was built by another release and has no table for rules on {table}. "
            "Build and publish a new version: `orderhouse run`."
        ) from None
    types = zip(rows.columns, rows.types, strict=True)
    return {name: str(kind) for name, kind in types if not name.startswith("_")}
