"""Acceptance of proposals: what pending routes, and earlier ones of the same request, leave of lines and of stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from orderhouse.actions.pending import Pending
from orderhouse.actions.proposals import Proposals, load_proposals
from orderhouse.actions.requests import Subject
from orderhouse.actions.states import State

# Order, line, warehouse, SKU, units that no warehouse is decided for, and stock of the warehouse.
PROPOSED = [
    ("o", "1", "berlin", "mug", 3, 4),
    ("o", "1", "lyon", "mug", 3, 2),
    ("p", "1", "berlin", "mug", 2, 4),
]
# Order, line, SKU, warehouse, open units, units without stock.
LINES = [
    ("o", "1", "mug", None, 3, 0),
    ("p", "1", "mug", "lyon", 2, 2),
    ("q", "1", "mug", "lyon", 4, 0),
    ("gone", "1", "mug", None, 2, 2),
    ("routed", "1", "mug", "lyon", 2, 0),
]
FREE = State({}, {"hold": "not_held"})
ROUTE = Pending("a", "route", "mia", "operator", datetime(2026, 3, 31, 10), "q", "1", warehouse_id="berlin", quantity=3)


def proposals(*pending: Pending) -> Proposals:
    """Return the proposals of the orders with some pending actions."""

    def query(sql: str, ids: Sequence[object]) -> list[tuple[Any, ...]]:
        return [row for row in (PROPOSED if "proposals" in sql else LINES) if row[0] in ids]

    return load_proposals(query, ["o", "p", "gone", "routed"], pending)


def of(order_id: str, warehouse: str, units: int) -> Subject:
    """Return line 1 of an order with a warehouse and units."""
    return Subject(order_id, "1", warehouse_id=warehouse, quantity=units)


def test_proposals_of_one_request_take_from_the_line_and_from_the_stock() -> None:
    found = proposals()
    assert found.refusal(of("o", "lyon", 1), FREE) is None
    assert found.refusal(of("o", "berlin", 3), FREE) == "the line has 2 units left to route, and 3 are asked for"
    assert found.refusal(of("o", "berlin", 2), FREE) is None
    assert found.refusal(of("p", "berlin", 2), FREE) is None
    again = proposals()
    assert again.refusal(of("o", "berlin", 3), FREE) is None
    assert again.refusal(of("p", "berlin", 2), FREE) == "berlin has 1 unit of mug left, and 2 are asked for"


def test_pending_route_of_another_order_takes_its_stock() -> None:
    assert proposals(ROUTE).refusal(of("p", "berlin", 2), FREE) == "berlin has 1 unit of mug left, and 2 are asked for"
    assert proposals(ROUTE).refusal(of("p", "berlin", 1), FREE) is None


def test_of_several_pending_routes_of_a_line_the_latest_counts_first() -> None:
    later = replace(ROUTE, action_id="b", warehouse_id="oslo", quantity=None)
    assert proposals(ROUTE, later).refusal(of("p", "berlin", 2), FREE) is None
    part = replace(later, quantity=2)
    # Of four units two leave from Oslo now, and the other two still from Berlin.
    assert proposals(ROUTE, part).refusal(of("o", "berlin", 3), FREE) == (
        "berlin has 2 units of mug left, and 3 are asked for"
    )


def test_route_to_the_warehouse_of_the_line_takes_no_stock_that_is_free() -> None:
    stays = replace(ROUTE, warehouse_id="lyon")
    assert proposals(stays).refusal(of("o", "lyon", 2), FREE) is None


def test_pending_action_on_the_line_itself_is_named() -> None:
    own = replace(ROUTE, order_id="o", quantity=2)
    assert proposals(own).refusal(of("o", "lyon", 2), FREE) == (
        "the line has 1 unit left to route, and 2 are asked for; route by mia is pending"
    )
    cancelled = replace(own, kind="cancel_line", warehouse_id=None)
    assert proposals(cancelled).refusal(of("o", "lyon", 1), FREE) is None
    assert "cancel_line by mia is pending" in str(proposals(cancelled).refusal(of("o", "lyon", 2), FREE))


def test_proposal_that_is_gone_is_explained_by_what_became_of_its_line() -> None:
    assert proposals().refusal(of("o", "oslo", 1), FREE) == (
        "the proposal has changed: units are to leave from berlin and lyon now"
    )
    assert proposals().refusal(of("gone", "berlin", 1), FREE) == "no warehouse has stock for it any more"
    routed = "the line waits for no warehouse any more: it is routed already"
    assert proposals().refusal(of("routed", "berlin", 1), FREE) == routed


def test_order_on_hold_is_not_routed_by_a_proposal() -> None:
    held = State({}, {"hold": "held"})
    assert proposals().refusal(of("o", "berlin", 1), held) == "the order is on hold"
