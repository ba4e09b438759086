"""Moves of the timeline on the axes of an order.

Each begins where the last one ended, and a seed says which are legal.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from tests.oracle.state import State

__all__ = ["AXES", "last_moves", "order_axes"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
AXES = ("order_status", "payment_status", "fulfilment_status", "delivery_status", "return_status")
SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "status_transitions.csv"


@cache
def _legal() -> set[tuple[str, str, str]]:
    with SEED.open(newline="") as file:
        return {(row["axis"], row["from_status"], row["to_status"]) for row in csv.DictReader(file)}


def order_axes(state: State) -> Cells:
    """Return where every axis of every order ends, without breaks and without a wrong judgement of a move."""
    return {
        (order.order_id, axis): {"to_status": getattr(order, axis), "broken_count": 0, "misjudged_count": 0}
        for order in state.orders.values()
        for axis in AXES
    }


def last_moves(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for every order and axis of a timeline.

    `broken_count` are moves that do not begin where the last one ended, `misjudged_count` those whose `is_legal` is
    not what the seed says. An order that never moved on an axis is at `none`.
    """
    by_order: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["order_id"], row["event_number"])):
        by_order[row["order_id"]].append(row)
    found = []
    for order_id, events in by_order.items():
        ended = {
            axis: {"order_id": order_id, "axis": axis, "to_status": "none", "broken_count": 0, "misjudged_count": 0}
            for axis in AXES
        }
        for row in events:
            if row["axis"] is None:
                continue
            last = ended[row["axis"]]
            move = (row["axis"], row["from_status"], row["to_status"])
            last["broken_count"] += row["from_status"] != last["to_status"]
            last["misjudged_count"] += row["is_legal"] != (move in _legal() or move[1] == move[2])
            last["to_status"] = row["to_status"]
        found += ended.values()
    return found
