"""Orders: find one or filter many; a picked order opens with everything that is known about it."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st
from shared.access import Version
from shared.formats import DASH, compact, label, money, short_money
from shared.layout import Figure, column, figures, start, table, word

from app_pages import orders_detail

LIMIT = 300
# Filters over one column: query parameter, heading, column. The column names are ours, never the reader's.
CHOICES = (
    ("stage", "Stage", "stage"),
    ("payment", "Payment", "payment_status"),
    ("delivery", "Delivery", "delivery_status"),
    ("channel", "Channel", "channel"),
    ("country", "Country", "ship_country"),
)
SEARCH = (
    "order_id = ? or upper(tracking_id) = upper(?) or customer_token = ? or customer_id = ? or starts_with(order_id, ?)"
)
SHIPPED_AS = "select distinct order_id from ops.shipments where tracking_number = ? order by order_id limit 100"
SHOWN = """
    order_id, stage, order_status, payment_status, fulfilment_status, delivery_status, return_status, channel,
    ship_country, placed_at, current_promised_at, ordered_quantity, due_amount, balance_amount, currency, tracking_id
"""

# `where` holds fixed fragments; values are always parameters.
COUNTS = """
    select count(*) as orders, count(*) filter (is_backordered) as backordered,
        count(*) filter (order_status = 'on_hold') as held,
        count(*) filter (order_id in (select order_id from ops.exceptions where code = 'late')) as late
    from ops.orders where {where}
"""
COUNTED = (
    ("orders", "Orders", "Orders that match the search and the filters."),
    ("late", "Late", "Orders with the open exception 'late': the deadline has passed and they are not delivered."),
    ("backordered", "Backordered", "At least one line has no stock to cover it."),
    ("held", "On hold", "The latest hold or release was a hold."),
)
DUE = """
    select currency, sum(due_amount) as due from ops.orders where {where}
    group by currency order by due desc, currency
"""

Conditions = tuple[list[str], list[Any]]


def options(version: Version) -> dict[str, list[str]]:
    """Return the words that each column of `CHOICES` holds, in one scan."""
    lists = ", ".join(f"list_sort(list(distinct {name})) as {name}" for _, _, name in CHOICES)
    found = version.row(f"select {lists} from ops.orders")  # noqa: S608 - our own names
    return {name: [word for word in words or [] if word is not None] for name, words in found.items()}


def ask(version: Version) -> Conditions:
    """Draw the search box and the filters; return conditions and their parameters."""
    conditions: list[str] = []
    parameters: list[Any] = []
    search = st.text_input(
        "Search",
        key="q",
        bind="query-params",
        icon=":material/search:",
        placeholder="Order id, tracking id, carrier's tracking number, customer id or customer token",
        label_visibility="collapsed",
    )
    if search and search.strip():
        _add_search(version, conditions, parameters, search.strip())
    words = options(version)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for key, heading, name in CHOICES:
            picked = st.multiselect(
                heading,
                words[name],
                format_func=label,
                key=key,
                bind="query-params",
                placeholder="All",
                width=190,
            )
            if picked:
                # A list of values, since DuckDB does not push `= any(?)` down to the scan: 27 ms against 650 (2026-11).
                conditions.append(f"{name} in ({', '.join('?' * len(picked))})")
                parameters.extend(picked)
        days = st.date_input("Placed between", value=[], key="placed", format="YYYY-MM-DD", width=220)
        problem = st.selectbox(
            "Exceptions",
            ["any", *codes(version)],
            index=None,
            format_func=lambda code: "Any open" if code == "any" else label(code),
            key="exception",
            bind="query-params",
            placeholder="With or without",
            width=190,
        )
    _add_days(conditions, parameters, days)
    if problem:
        conditions.append("order_id in (select order_id from ops.exceptions where ? in ('any', code))")
        parameters.append(problem)
    return conditions, parameters


def codes(version: Version) -> list[str]:
    """Return the exception codes that are open."""
    return version.rows("select distinct code from ops.exceptions where order_id is not null order by code")[
        "code"
    ].to_list()


def _add_search(version: Version, conditions: list[str], parameters: list[Any], search: str) -> None:
    shipped = version.rows(SHIPPED_AS, (search,))["order_id"].to_list()
    named = f" or order_id in ({', '.join('?' * len(shipped))})" if shipped else ""
    conditions.append(f"({SEARCH}{named})")
    parameters.extend([search] * SEARCH.count("?") + shipped)


def _add_days(conditions: list[str], parameters: list[Any], days: Any) -> None:
    if isinstance(days, tuple) and len(days) == 2 and all(isinstance(bound, date) for bound in days):
        conditions.append("placed_date between ? and ?")
        parameters.extend(days)


def due(version: Version, where: str, parameters: list[Any]) -> Figure:
    """Sum what is due on the orders found, per currency; converting a million amounts would take most of a second."""
    sums = [(amount, currency) for currency, amount in version.rows(DUE.format(where=where), parameters).iter_rows()]
    tip = "Net, tax and shipping of the units that are not cancelled, in the orders' own currency."
    if len(sums) == 1:
        return Figure("Due", short_money(*sums[0]), tip)
    listed = ", ".join(money(*due) for due in sums)
    return Figure("Due", f"{len(sums)} currencies" if sums else DASH, f"{tip} {listed}")


def show_list(version: Version) -> None:
    """Show the orders that the reader asked for, newest first, over their totals."""
    conditions, parameters = ask(version)
    where = " and ".join(conditions) or "true"
    totals = version.row(COUNTS.format(where=where), parameters)
    figures(
        [Figure(heading, compact(totals[name]), tip) for name, heading, tip in COUNTED]
        + [due(version, where, parameters)]
    )
    newest = f"select {SHOWN} from ops.orders where {where} order by placed_at desc, order_id limit ?"  # noqa: S608
    found = version.rows(newest, [*parameters, LIMIT])
    picked = table(
        found,
        {
            "order_id": column("Order"),
            "stage": word("Stage", "One word for where the order stands."),
            "payment_status": column("Payment"),
            "fulfilment_status": column("Fulfilment"),
            "delivery_status": column("Delivery"),
            "return_status": column("Return"),
            "placed_at": column("Placed", "Earliest version's time, in the business time zone."),
            "current_promised_at": column("Promised", "The promise as it stands now."),
            "channel": column("Channel"),
            "ship_country": column("Country"),
            "ordered_quantity": column("Units", digits=0),
            "due_amount": column("Due", "In the order's currency.", digits=2),
            "balance_amount": column("Balance", "Due less captured plus refunded, in the order's currency.", digits=2),
            "currency": column("Currency"),
            "tracking_id": column("Tracking id", "What a customer follows the order with."),
        },
        key="orders_found",
        nothing="No order matches. Check the id, or take a filter away.",
        of=totals["orders"],
        select="Pick a row to open the order.",
        height=560,
    )
    if picked:
        st.query_params["order"] = picked["order_id"]
        st.rerun()


chosen = st.query_params.get("order")
if chosen:
    orders_detail.show(st.session_state["version"], chosen)
else:
    show_list(start("Orders", "Every order, its state on five axes, and what is wrong with it."))
