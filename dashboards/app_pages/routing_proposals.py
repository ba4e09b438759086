"""Open proposals: how they were made, their list, and their acceptance as routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st
from orderhouse.predict.routing.limits import DECISION_SECONDS
from shared import acting, bulk
from shared.access import Row, Version
from shared.acting import Situation
from shared.bulk import Kind
from shared.columns import column, word
from shared.formats import count, instant, per_cent
from shared.layout import Figure, empty, figures
from shared.listing import Listed, listing
from shared.people import open_page

from app_pages import routing_filters
from app_pages.routing_filters import SEPARATOR, Matching

__all__ = ["proposals"]

TOTALS = """
    select count(*) as proposals, count(distinct order_id) as orders, sum(quantity) as units,
        count(distinct (order_id, warehouse_id)) as parcels,
        count(*) filter (promise = 'in_time') as in_time, count(*) filter (promise <> 'none') as promised
    from ({sql}) as matching
"""
LATEST = """
    select model, origin_at, compute_seconds,
        (select max(gap_rate) from marts.fct_routing_proposals) as gap_rate,
        (select count(*) from marts.fct_routing_proposals) as proposals
    from marts.fct_prediction_runs where predictor = 'routing' and is_latest
"""
KINDS = {"route": Kind("Accept", "alt_route", lambda: {"accepts_proposals": True})}


def proposals(version: Version) -> None:
    """Show the proposals that match, and offer to accept them. An opened row leads to its order."""
    latest = version.row(LATEST)
    if not latest["proposals"]:
        acting.show_answers()
        empty(
            "No proposal is open: no open line waits for a warehouse that has its stock."
            if latest["model"]
            else "No proposal has been made: no open line has waited for a warehouse that has its stock."
        )
        return
    _made(version, latest)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        matching = routing_filters.ask(version)
    _figures(version, matching)
    listed = _listed(version, matching)
    if listed.total:
        _offer(version, matching, listed)
    else:
        acting.show_answers()
    if listed.opened:
        open_page("orders", {"order": listed.opened["order_id"]})


def _made(version: Version, latest: Row) -> None:
    """Say when, how and how well the proposals were made."""
    gap, (solver, _, policy) = latest["gap_rate"], latest["model"].rpartition(", ")
    quality = f"the first aim could be at most {per_cent(gap)} better" if gap else "the plan is proved to be the best"
    st.caption(
        f"Solved for the clock {instant(latest['origin_at'], version.time_zone)}, under the policy {policy}, by "
        f"{solver} in {latest['compute_seconds']:.1f} s: {quality}. The solver may work {DECISION_SECONDS:g} "
        "deterministic seconds. Each run solves anew."
    )


def _figures(version: Version, matching: Matching) -> None:
    totals = version.row(TOTALS.format(sql=matching.sql), matching.parameters)
    promised = totals["promised"]
    figures(
        [
            Figure("Proposals", count(totals["proposals"]), "Proposals that match the filters."),
            Figure("Orders", count(totals["orders"]), "Orders with a matching proposal."),
            Figure("Units", count(totals["units"] or 0), "Units of the matching proposals."),
            Figure("Parcels", count(totals["parcels"]), "Orders by proposed warehouse: one parcel each."),
            Figure(
                "In time",
                per_cent(totals["in_time"] / promised if promised else None),
                "Share of the proposals with a promise and a known time that would probably keep it.",
            ),
        ]
    )


def _listed(version: Version, matching: Matching) -> Listed:
    return listing(
        version,
        matching.sql,
        matching.parameters,
        {
            "order_id": column("Order"),
            "line_id": column("Line"),
            "sku": column("SKU"),
            "quantity": column("Units", "Units that are to leave from the proposed warehouse.", digits=0),
            "from_warehouse": column("Now at", "Warehouse of the line, where its units wait for stock."),
            "warehouse_id": column("Proposed", "Warehouse that the units are to leave from."),
            "state": word("State", "Accepted and overtaken proposals wait for the next run."),
            "parcels_count": column("Parcels", "Parcels of the order, with those that leave anyway.", digits=0),
            "promise": word("Promise", "Whether the parcel would keep the promise, if it left at the clock."),
            "cost_amount_reporting": column(
                "Cost", "Mean cost of a parcel of the lane.", unit=version.currency, is_amount=True
            ),
            "cover_days": column(
                "Cover", "Days that the free stock of the warehouse lasts. Empty without demand.", unit="days", digits=0
            ),
            "reason": column("Why"),
            "placed_at": column("Placed"),
            "channel": column("Channel"),
            "ship_country": column("Country"),
            "policy": column("Policy"),
            "gap_rate": column("Gap", "How much better the first aim could at most be.", per_cent=True),
            "origin_at": column("Solved for"),
            "accepted_by": column("Accepted by"),
        },
        key="routing_proposals",
        unique="row_id",
        sort="placed_at",
        ties="order_id, line_id, warehouse_id",
        noun="proposals",
        nothing="No proposal matches the filters.",
        opens="Open the order",
        ticks=True,
        choosable=True,
    )


def _offer(version: Version, matching: Matching, listed: Listed) -> None:
    """Offer to accept the ticked proposals, or all that match."""

    def ids() -> list[str]:
        sql = f"select row_id from ({matching.sql}) order by order_id, line_id, warehouse_id"  # noqa: S608 - a fixed query
        found: list[str] = version.rows(sql, matching.parameters)["row_id"].to_list()
        return found

    bulk.offer(
        version, KINDS, ticked=listed.ticked, total=listed.total, noun="proposals", ids=ids, situations=_situations
    )


def _situations(version: Version, names: Sequence[str]) -> Mapping[str, Situation]:
    """Return the situations of the lines of proposals by their names, each with its warehouse and its units."""
    found = version.rows(
        "select order_id, line_id, warehouse_id, quantity from marts.fct_routing_proposals "
        "where list_contains(?::varchar[], concat_ws(chr(31), order_id, line_id, warehouse_id))",
        (list(names),),
    ).rows()
    lines = acting.of_lines(version, [(order_id, line_id) for order_id, line_id, _, _ in found])
    return {
        SEPARATOR.join((order_id, line_id, warehouse)): replace(
            situation, subject=replace(situation.subject, warehouse_id=warehouse, quantity=units)
        )
        for order_id, line_id, warehouse, units in found
        if (situation := lines.get((order_id, line_id))) is not None
    }
