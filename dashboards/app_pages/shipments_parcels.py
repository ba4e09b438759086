"""List of parcels with its filters."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from shared import address
from shared.access import Version
from shared.columns import column, word
from shared.formats import count, label
from shared.layout import Figure, figures
from shared.listing import listing

__all__ = ["parcels"]

# Every filter is always in the condition. A filter that is not set holds for every row.
CHOSEN = """
    (? = '' or upper(parcels.tracking_number) = upper(?) or upper(parcels.shipment_id) = upper(?)
        or upper(parcels.order_id) = upper(?))
    and (len(?::varchar[]) = 0 or list_contains(?::varchar[], parcels.carrier))
    and (len(?::varchar[]) = 0 or list_contains(?::varchar[], parcels.outcome))
    and (not ?::boolean or (parcels.outcome = 'on_the_way' and orders.is_late))
    and (not ?::boolean or (parcels.outcome = 'on_the_way' and orders.is_stuck))
    and (not ?::boolean or parcels.has_delivery_problem)
"""
FROM = "marts.fct_shipments as parcels left join ops.orders as orders on orders.order_id = parcels.order_id"
# A parcel of several orders counts once.
TOTALS = f"""
    select count(distinct parcels.shipment_id) as parcels,
        count(distinct parcels.shipment_id) filter (parcels.outcome = 'on_the_way') as on_the_way,
        count(distinct parcels.shipment_id) filter (parcels.outcome = 'on_the_way' and orders.is_late) as late,
        count(distinct parcels.shipment_id) filter (parcels.outcome = 'on_the_way' and orders.is_stuck) as silent,
        count(distinct parcels.shipment_id) filter (parcels.is_lost) as lost
    from {FROM} where {CHOSEN}
"""  # noqa: S608 - fixed conditions
PARCELS = f"""
    select parcels.shipment_id || ' ' || coalesce(parcels.order_id, '') as row_id, parcels.shipment_id,
        parcels.order_id, parcels.carrier, parcels.service, parcels.tracking_number,
        parcels.outcome, parcels.delivery_status, parcels.latest_scan_status, parcels.last_scan_at, parcels.shipped_at,
        parcels.promise_ends_at, parcels.estimate_ends_at, parcels.delivered_at, parcels.lane,
        parcels.quantity, parcels.attempts_count, parcels.source,
        date_diff('second', parcels.last_scan_at, ?) / 86400.0 as silent_days
    from {FROM} where {CHOSEN}
"""  # noqa: S608 - fixed conditions
NAMES: tuple[Literal["carrier", "outcome"], ...] = ("carrier", "outcome")
FLAGS = {
    "late_now": ("Late now", "On their way after the promise of the order."),
    "silent": ("Silent", "On their way without a scan for too long."),
    "problem": ("With a problem", "The latest scan is a delay, a failed attempt or an exception."),
}
COUNTED = (
    ("parcels", "Parcels", "Parcels that match. A parcel of several orders counts once."),
    ("on_the_way", "On their way", "Neither delivered, returned, lost nor cancelled."),
    ("late", "Late now", "On their way, and the promise of the order has passed."),
    ("silent", "Silent", "On their way, and a parcel of the order has had no scan for too long (`stuck_days`)."),
    ("lost", "Lost", "The carrier says so."),
)


def parcels(version: Version) -> None:
    """List the parcels that match the filters. An opened row leads to the parcel."""
    chosen = _ask(version)
    totals = version.row(TOTALS, chosen)
    figures([Figure(heading, count(totals[name]), tip) for name, heading, tip in COUNTED])
    listed = listing(
        version,
        PARCELS,
        [version.as_of, *chosen],
        {
            "shipment_id": column("Parcel"),
            "order_id": column("Order"),
            "outcome": word("Outcome"),
            "latest_scan_status": column("Latest scan"),
            "last_scan_at": column("Scanned"),
            "silent_days": column("Since the scan", unit="days", digits=1),
            "carrier": column("Carrier"),
            "tracking_number": column("Carrier's number"),
            "shipped_at": column("Left"),
            "promise_ends_at": column("Promised", "End of the first promise of the order."),
            "estimate_ends_at": column("Estimated", "End of the carrier's estimate."),
            "delivered_at": column("Delivered"),
            "attempts_count": column("Attempts", digits=0),
            "quantity": column("Units", digits=0),
            "lane": column("Lane"),
            "service": column("Service"),
            "source": column("Source"),
        },
        key="parcels",
        noun="parcels and orders in them",
        unique="row_id",
        sort="-shipped_at",
        nothing="No parcel matches. Remove a filter, or check the number.",
        opens="See the scans of the parcel",
    )
    if listed.opened:
        st.query_params["parcel"] = listed.opened["shipment_id"]
        st.rerun()


def _ask(version: Version) -> list[object]:
    """Show the filters, and return their values as `CHOSEN` takes them."""
    search = address.text(
        "parcel_search", "Search", placeholder="Carrier's number, parcel or order", hides_heading=True
    )
    with address.filters([*NAMES, *FLAGS]):
        lists = [address.choices(name, label(name), _words(version, name)) for name in NAMES]
        flags = [address.flag(name, heading, tip) for name, (heading, tip) in FLAGS.items()]
    return [*[search] * 4, lists[0], lists[0], lists[1], lists[1], *flags]


def _words(version: Version, name: Literal["carrier", "outcome"]) -> list[str]:
    """Return the words of a column."""
    sql = f"select distinct {name} as word from marts.fct_shipments where {name} is not null order by word"  # noqa: S608 - ours
    words: list[str] = version.rows(sql)["word"].to_list()
    return words
