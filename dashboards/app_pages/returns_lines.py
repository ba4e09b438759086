"""List of returned lines with its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st
from shared import address
from shared.access import Version
from shared.columns import column, word
from shared.formats import count
from shared.layout import Figure, figures
from shared.listing import listing

from app_pages import returns_bulk

__all__ = ["count_of_view", "lines"]

# State of the filter, and the outcomes of fct_returns that it holds.
STATES: dict[str, tuple[str, ...]] = {
    "All": (),
    "Open": ("open",),
    "To inspect": ("received",),
    "Inspected": ("restocked", "scrapped", "part_scrapped"),
    "Refused": ("declined", "called_off"),
    "Credit notes": ("credit_note",),
}
CHOSEN = """
    (len(?::varchar[]) = 0 or list_contains(?::varchar[], outcome))
    and (? = '' or upper(return_id) = upper(?) or upper(order_id) = upper(?) or upper(sku) = upper(?))
"""
TOTALS = f"""
    select count(distinct return_id) as returns, sum(requested_quantity) as requested,
        sum(returned_quantity) as returned, count(distinct return_id) filter (outcome = 'open') as open,
        count(distinct return_id) filter (outcome = 'received') as to_inspect
    from marts.fct_returns where {CHOSEN}
"""  # noqa: S608 - a fixed condition
LINES = f"""
    select concat_ws(' ', return_id, line_id, order_id) as row_id, return_id, order_id, line_id,
        sku, outcome, return_status, requested_quantity, returned_quantity,
        restocked_quantity, scrapped_quantity, returned_net_amount, currency, opened_at, arrived_at, refunded_at,
        last_event_at, hours_to_receive, hours_to_refund, warehouse_id, source,
        date_diff('second', opened_at, ?) / 86400.0 as age_days
    from marts.fct_returns where {CHOSEN}
"""  # noqa: S608 - a fixed condition


def count_of_view(version: Version, query: Mapping[str, Sequence[str]]) -> int:
    """Return the number of returned lines that match the address of a saved view."""
    state, search = (next(iter(query.get(key, ())), "") for key in ("return_state", "return_search"))
    outcomes = list(STATES.get(state, ()))
    chosen = [outcomes, outcomes, *[search.strip()] * 4]
    return int(version.row(f"select count(*) as n from marts.fct_returns where {CHOSEN}", chosen)["n"])  # noqa: S608 - fixed


def lines(version: Version) -> None:
    """List the returned lines that match. An opened row leads to its return."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = address.segment("return_state", "State", list(STATES), "All", written=str)
        search = address.text("return_search", "Return, order or SKU", width=260)
    outcomes = list(STATES[state])
    chosen = [outcomes, outcomes, *[search] * 4]
    totals = version.row(TOTALS, chosen)
    figures(
        [
            Figure("Returns", count(totals["returns"]), "Returns and credit notes that match."),
            Figure("Open", count(totals["open"]), "Asked for or approved. The goods are not back."),
            Figure("To inspect", count(totals["to_inspect"]), "The goods are back, neither restocked nor scrapped."),
            Figure("Units asked for", count(totals["requested"])),
            Figure("Units back", count(totals["returned"])),
        ]
    )
    listed = listing(
        version,
        LINES,
        [version.as_of, *chosen],
        {
            "return_id": column("Return"),
            "order_id": column("Order"),
            "sku": column("SKU"),
            "outcome": word("Outcome"),
            "requested_quantity": column("Asked for", unit="units", digits=0),
            "returned_quantity": column("Back", unit="units", digits=0),
            "restocked_quantity": column("Restocked", unit="units", digits=0),
            "scrapped_quantity": column("Scrapped", unit="units", digits=0),
            "returned_net_amount": column("Value", "Net value of the units that came back.", is_amount=True),
            "currency": column("Currency"),
            "opened_at": column("Opened"),
            "age_days": column("Age", "Since the first event.", unit="days", digits=1),
            "arrived_at": column("Arrived"),
            "refunded_at": column("Refunded"),
            "warehouse_id": column("Warehouse"),
            "source": column("Source"),
        },
        key="return_lines",
        noun="returned lines",
        unique="row_id",
        sort="-opened_at",
        nothing="No return matches, or no source reports returns.",
        opens="See the whole return",
        ticks=True,
    )
    if listed.total:
        returns_bulk.many(version, LINES, (version.as_of, *chosen), listed)
    if listed.opened:
        st.query_params["return"] = listed.opened["return_id"]
        st.rerun()
