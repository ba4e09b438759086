"""Acceptance of ticked proposals, or of all that match: each is a route with its warehouse and its units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from shared import acting, bulk
from shared.access import Version
from shared.acting import Situation
from shared.bulk import Kind
from shared.listing import Listed

from app_pages.routing_filters import SEPARATOR, Matching

__all__ = ["many"]

KINDS = {"route": Kind("Accept", "alt_route", lambda: {"accepts_proposals": True})}


def many(version: Version, matching: Matching, listed: Listed) -> None:
    """Offer to accept the ticked proposals, or all that match."""
    sql = f"select row_id from ({matching.sql}) order by order_id, line_id, warehouse_id"  # noqa: S608 - a fixed query
    bulk.offer(
        version, KINDS, ticked=listed.ticked, total=listed.total, noun="proposals",
        subjects=(sql, matching.parameters), situations=_situations,
    )  # fmt: skip


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
