"""Exceptions about stock: levels below zero, oversold products, counts and transfers that do not agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from tests.oracle.exceptions_of_lines import Found
from tests.oracle.expected_stock import average_cost, incoming_units
from tests.oracle.state import State, lines_by_sku
from tests.oracle.stock import Movement, in_order

__all__ = ["of_stock"]

TRANSFER = timedelta(days=14)


def of_stock(state: State) -> Iterator[Found]:
    """Return levels below zero, and products of which more is sold than on hand and incoming."""
    sources: dict[str, str] = {}
    for movement in state.movements:
        sources[movement.sku] = min(movement.source, sources.get(movement.sku, movement.source))

    def found(code: str, sku: str, at: datetime, units: int) -> Found:
        cost, currency = average_cost(state, sku)
        worth = None if cost is None else cost * units
        return Found(code, sku, at, worth, currency, subject_type="sku", sku=sku, source=sources.get(sku))

    below: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for (sku, _), movements in in_order(state.movements).items():
        level, since = 0, None
        for number, movement in enumerate(movements):
            level = movement.units if movement.kind == "count" else level + movement.units
            is_last_of_instant = number + 1 == len(movements) or movements[number + 1].at != movement.at
            if is_last_of_instant:
                since = (since or movement.at) if level < 0 else None
        if since is not None:
            below[sku].append((since, -level))
    for sku, places in below.items():
        yield found("negative_stock", sku, min(at for at, _ in places), sum(units for _, units in places))
    incoming = incoming_units(state)
    for sku, lines in lines_by_sku(state).items():
        waiting = [(o.placed_at, o.order_id, line.line_id, line.backordered_quantity) for o, line in lines]
        left, in_vain, since = incoming.get(sku, 0), 0, None
        for at, _, _, units in sorted(each for each in waiting if each[3] > 0):
            if units > left:
                in_vain, since = in_vain + units - left, since or at
            left = max(left - units, 0)
        if since is not None:
            yield found("oversold", sku, since, in_vain)
    yield from _gaps(state, found)


def _gaps(state: State, found: Callable[[str, str, datetime, int], Found]) -> Iterator[Found]:
    """Return the last counts that differ from the books, and transfers whose legs differ after two weeks.

    A first count opens the books and explains no gap.
    """
    counts: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    transfers: dict[tuple[str, object], list[Movement]] = defaultdict(list)
    for (sku, _), movements in in_order(state.movements).items():
        level, gaps = 0, []
        for movement in movements:
            if movement.kind == "count":
                gaps.append((movement.at, abs(movement.units - level)))
                level = movement.units
            else:
                level += movement.units
            if movement.kind in ("transfer_in", "transfer_out"):
                transfers[(sku, movement.reference)].append(movement)
        if len(gaps) > 1 and gaps[-1][1]:
            counts[sku].append(gaps[-1])
    for sku, differing in counts.items():
        yield found("stock_count_gap", sku, min(at for at, _ in differing), sum(units for _, units in differing))
    open_transfers: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for (sku, _), legs in transfers.items():
        units = sum(leg.units for leg in legs)
        if units:
            open_transfers[sku].append((min(leg.at for leg in legs) + TRANSFER, abs(units)))
    for sku, differing in open_transfers.items():
        yield found("transfer_gap", sku, min(at for at, _ in differing), sum(units for _, units in differing))
