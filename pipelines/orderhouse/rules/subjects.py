"""Tables that rules look at: their rows, key, fields, state and amount in the published version.

Every table is a query over published tables. What a field means is defined in dbt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from orderhouse.config_values import nearest_sentence
from orderhouse.errors import OrderhouseError
from orderhouse.serve.kpis import complete_days, kpis_of_periods

__all__ = ["SUBJECTS", "Subject", "fields_of", "relation", "require_table"]

KPI_DAYS = 28
# The newest segment of a customer in one scheme.
NEWEST_SEGMENTS = """
    select customer_key, segment
    from marts.fct_customer_segments
    where scheme = '{scheme}' and snapshot_date = (select max(snapshot_date) from marts.fct_customer_segments)
"""
ORDERS = f"""
    select orders.*, customers.orders_count as customer_orders_count,
        customers.net_spend_amount_reporting as customer_net_spend_amount_reporting,
        customers.lifecycle as customer_lifecycle, rfm.segment as customer_rfm_segment
    from ops.orders as orders
    left join marts.dim_customers as customers on customers.customer_key = orders.customer_key
    left join ({NEWEST_SEGMENTS.format(scheme="rfm")}) as rfm on rfm.customer_key = orders.customer_key
"""
CUSTOMERS = f"""
    select customers.*, rfm.segment as rfm_segment
    from marts.dim_customers as customers
    left join ({NEWEST_SEGMENTS.format(scheme="rfm")}) as rfm on rfm.customer_key = customers.customer_key
"""
RETURNS = """
    select *, coalesce(credit_amount, returned_quantity * unit_price_amount) as value_amount,
        case
            when currency = (select reporting_currency from marts.as_of)
                then coalesce(credit_amount, returned_quantity * unit_price_amount)
        end as value_amount_reporting
    from ops.returns
"""
# Values of the last 28 complete days, on the days that are mature.
KPIS = """
    select kpi, name, unit, owner, direction, target, compared as value, immature_days,
        case direction when 'up' then compared < target when 'down' then compared > target end as is_off_target
    from ({query})
"""


@dataclass(frozen=True)
class Subject:
    """One table of rules.

    Attributes:
        query: Query of its rows.
        key: Columns that identify a row.
        noun: Name of one row.
        state: Columns that make up the state of a row.
        order: Column of the order; None if a row belongs to none.
        line: Column of the order line on which actions are taken; None for the order itself.
        amount: Column of the amount in the reporting currency by which approvals are asked for.
    """

    query: str
    key: tuple[str, ...]
    noun: str
    state: tuple[str, ...]
    order: str | None = None
    line: str | None = None
    amount: str | None = None


SUBJECTS = {
    "orders": Subject(
        ORDERS, ("order_id",), "order",
        ("order_status", "payment_status", "fulfilment_status", "delivery_status", "return_status"),
        order="order_id", amount="due_amount_reporting",
    ),
    "order_lines": Subject(
        "select * from ops.order_lines", ("order_id", "line_id"), "order line",
        ("shipped_quantity", "delivered_quantity", "returned_quantity", "cancelled_quantity", "backordered_quantity"),
        order="order_id", line="line_id",
    ),
    "shipments": Subject(
        "select * from ops.shipments", ("shipment_id", "order_id"), "parcel", ("delivery_status",),
        order="order_id",
    ),
    "returns": Subject(
        RETURNS, ("return_id", "line_id"), "return", ("return_status",),
        order="order_id", amount="value_amount_reporting",
    ),
    "exceptions": Subject(
        "select * from ops.exceptions", ("exception_id",), "exception", ("code", "opened_at"),
        order="order_id", amount="amount_at_stake_reporting",
    ),
    "positions": Subject(
        "select * from marts.fct_inventory_positions", ("position_level", "sku", "warehouse_id"), "position",
        ("stockout_risk",), amount="stock_value_amount",
    ),
    "customers": Subject(CUSTOMERS, ("customer_key",), "customer", ("lifecycle", "rfm_segment")),
    "kpis": Subject(KPIS, ("kpi",), "KPI", ("is_off_target",)),
}  # fmt: skip


def relation(table: str, published: duckdb.DuckDBPyConnection) -> tuple[str, list[date]]:
    """Return the query of a table's rows, and its parameters.

    Args:
        table: Name of the table.
        published: Open published version.
    """
    query = SUBJECTS[table].query
    if table != "kpis":
        return query, []
    ((business_date,),) = published.execute("select business_date from marts.as_of").fetchall()
    first, last = complete_days(business_date, KPI_DAYS)
    earlier = complete_days(first, KPI_DAYS)
    return query.format(query=kpis_of_periods()), [first, last, *earlier]


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


def require_table(name: str) -> str:
    """Return the name of a table of rules.

    Raises:
        ValueError: There is no such table; the clause names the nearest one.
    """
    if name not in SUBJECTS:
        raise ValueError(nearest_sentence("table of rules", name, SUBJECTS))
    return name
