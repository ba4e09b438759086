"""Search of the orders page: one text finds orders by any of their names, and a SKU by its own.

An e-mail address or telephone number is replaced by its token before anything else: it is not in the URL, in a query
or in a log. Every role may search so, and every such search is recorded.
"""

from __future__ import annotations

import re

import streamlit as st
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.personal_ids import kind_of_id
from orderhouse.operations.finding import token_of_person
from shared import address
from shared.access import DataMissing, Version
from shared.people import Person, open_page, signed_in

from app_pages.orders_conditions import Conditions, one_of

__all__ = ["LOOKED_FOR", "add", "ask", "is_first_look", "offer_sku"]

LOOKED_FOR = (
    "an order id (whole, its beginning or its number), a tracking id, a carrier's tracking number, a customer id, the "
    "beginning of a customer token (6 characters or more), an e-mail address, a telephone number, or a SKU"
)
NAMES = """
    upper(order_id) = upper(?) or starts_with(upper(order_id), upper(?)) or upper(tracking_id) = upper(?)
    or upper(customer_id) = upper(?)
"""
# The digits at the end of an order id are its number. `ends_with` leaves few rows to the regular expression.
NUMBER = "ends_with(order_id, ?) and ltrim(regexp_extract(order_id, '[0-9]+$'), '0') = ?"
TOKEN = re.compile(r"[0-9a-fA-F]{6,64}")
SHIPPED_AS = """
    select distinct order_id from ops.shipments where upper(tracking_number) = upper(?) order by order_id limit 100
"""
ORDERED = "order_id in (select order_id from ops.order_lines where upper(sku) = upper(?))"
SKU = "select min(sku) as sku from marts.fct_inventory_positions where upper(sku) = upper(?)"


def ask(version: Version, conditions: Conditions) -> str:
    """Show the search box, add its condition, and return the text."""
    person = signed_in()
    search = address.text(
        "q",
        "Search orders",
        placeholder="Order, tracking id, customer, e-mail or SKU",
        hides_heading=True,
        rewrite=lambda text: _without_person(person, text),
    )
    problem = st.session_state.pop("q.problem", None)
    if problem:
        st.warning(problem, icon=":material/person_search:")
    if search:
        add(version, conditions, search)
    return search


def is_first_look(search: str) -> bool:
    """Return True once per search, so that its only hit opens, and Back from there leads to the list."""
    if st.session_state.get("q.looked") == search:
        return False
    st.session_state["q.looked"] = search
    return bool(search)


def offer_sku(version: Version, search: str, orders: int) -> None:
    """Offer the page of a SKU with this name; open it if no order has it."""
    sku = _value(version, SKU, search)
    if not sku or not signed_in().role.opens("inventory"):
        return
    is_first = is_first_look(f"sku {sku}")
    if st.button(f"Open the SKU {sku}", icon=":material/inventory_2:") or (not orders and is_first):
        open_page("inventory", {"sku": str(sku)})


def add(version: Version, conditions: Conditions, search: str) -> None:
    """Add the condition of a search. A person stands in it as a token."""
    fragments, values = [NAMES], [search] * NAMES.count("?")
    if search.isascii() and search.isdigit():
        fragments.append(f"({NUMBER})")
        values += [search, search.lstrip("0")]
    if TOKEN.fullmatch(search):
        # The id of a customer ends in a token if it was an address.
        fragments.append("right(customer_id, 32) = ?")
        values.append(search.lower())
        if not version.role.hides("ops.orders", "customer_token"):
            fragments.append("starts_with(customer_token, ?)")
            values.append(search.lower())
    shipped = _listed(version, SHIPPED_AS, search)
    if shipped:
        fragments.append(one_of("order_id", shipped))
        values += shipped
    if _value(version, "select min(sku) as sku from ops.order_lines where upper(sku) = upper(?)", search):
        fragments.append(ORDERED)
        values.append(search)
    conditions.add(f"({' or '.join(fragments)})", *values)


def _without_person(person: Person, text: str) -> str:
    """Return the token in place of an address or a telephone number, any other text as it is.

    A number of digits alone stays: it can be the number of an order or of a parcel.
    """
    found = text.strip()
    if kind_of_id(found) is None or found.isdigit():
        return text
    try:
        token = token_of_person(person.settings, actor=person.name, role=person.role, written=found)
    except OrderhouseError as error:
        st.session_state["q.problem"] = f"People cannot be searched for now. {error.message}"
        return ""
    if token is None:
        st.session_state["q.problem"] = "No personal data is stored in this home yet."
    return token or ""


def _listed(version: Version, sql: str, search: str) -> list[str]:
    """Return the first column of a query. A role without the table finds nothing in it."""
    try:
        return version.rows(sql, (search,)).to_series().to_list()
    except DataMissing:
        return []


def _value(version: Version, sql: str, search: str) -> str | None:
    return next(iter(_listed(version, sql, search)), None)
