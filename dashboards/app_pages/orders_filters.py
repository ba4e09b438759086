"""Search and filters of the orders page, as SQL conditions with parameters."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st
from shared.access import Version
from shared.formats import label

__all__ = ["Conditions", "ask"]

# Filters on one column: query parameter, heading, column. No column name comes from the reader.
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
CODES = "select distinct code from ops.exceptions where order_id is not null order by code"


@dataclass
class Conditions:
    """Conditions that an order has to meet: fixed fragments of SQL, and parameters for their values."""

    fragments: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, fragment: str, *values: object) -> None:
        """Add a fragment with one value for each of its placeholders."""
        self.fragments.append(fragment)
        self.parameters.extend(values)

    @property
    def where(self) -> str:
        """Return the condition for a WHERE clause."""
        return " and ".join(self.fragments) or "true"


def ask(version: Version) -> Conditions:
    """Show the search box and the filters, and return their conditions."""
    conditions = Conditions()
    _add_search(version, conditions)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _add_choices(version, conditions)
        _add_days(conditions)
        _add_exception(version, conditions)
    return conditions


def _add_search(version: Version, conditions: Conditions) -> None:
    search = st.text_input(
        "Search",
        key="q",
        bind="query-params",
        icon=":material/search:",
        placeholder="Order id, tracking id, carrier's tracking number, customer id or customer token",
        label_visibility="collapsed",
    ).strip()
    if search:
        shipped = version.rows(SHIPPED_AS, (search,))["order_id"].to_list()
        named = f" or {_one_of('order_id', shipped)}" if shipped else ""
        conditions.add(f"({SEARCH}{named})", *[search] * SEARCH.count("?"), *shipped)


def _add_choices(version: Version, conditions: Conditions) -> None:
    words = _words(version)
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
            conditions.add(_one_of(name, picked), *picked)


def _add_days(conditions: Conditions) -> None:
    days = st.date_input("Placed between", value=[], key="placed", format="YYYY-MM-DD", width=220)
    # One day only means that the reader is still choosing the other.
    if len(days) == 2:
        conditions.add("placed_date between ? and ?", *days)


def _add_exception(version: Version, conditions: Conditions) -> None:
    code = st.selectbox(
        "Exceptions",
        ["any", *version.rows(CODES)["code"].to_list()],
        index=None,
        format_func=lambda code: "Any open" if code == "any" else label(code),
        key="exception",
        bind="query-params",
        placeholder="All",
        width=190,
    )
    if code:
        conditions.add("order_id in (select order_id from ops.exceptions where ? in ('any', code))", code)


def _words(version: Version) -> dict[str, list[str]]:
    """Return the words in each column of `CHOICES`, read in one scan."""
    lists = ", ".join(f"list_sort(list(distinct {name})) as {name}" for _, _, name in CHOICES)
    found = version.row(f"select {lists} from ops.orders")  # noqa: S608 - fixed names
    return {name: [word for word in words or [] if word is not None] for name, words in found.items()}


def _one_of(name: str, values: list[str]) -> str:
    # A list of values, because DuckDB does not push `= any(?)` down to the scan: 27 ms against 650 ms (2026-11).
    return f"{name} in ({', '.join('?' * len(values))})"
