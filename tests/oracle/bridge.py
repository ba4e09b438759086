"""Bridge from the placed clock of the revenue mart to the journal, day by day: what each part explains."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.costs import cost_of
from tests.oracle.journal import costs_of_posting, journal_lines, priced_posting
from tests.oracle.postings import Posting
from tests.oracle.postings_of_orders import is_posted, order_postings
from tests.oracle.revenue import Event
from tests.oracle.state import State
from tests.oracle.takebacks import order_events, revenue_events

__all__ = ["journal_bridge"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
# Measures with their account and the side on which they grow.
ACCOUNTS = {
    "gross_sales": ("sales", -1),
    "discounts": ("discounts", 1),
    "returns": ("returns", 1),
    "tax": ("tax_payable", -1),
    "shipping": ("shipping_income", -1),
    "cost_of_goods": ("cost_of_goods", 1),
}
PARTS = ("placed", "timing", "versions", "parcels", "rates", "gift_cards", "journal")
CHANGES = ("sale_change", "shipping_change", "return_change", "goods_refund")
MOVED = ("sale", "shipping", "return", "goods_refund")
CARDS = ("gift_card", "gift_card_change")
Amounts = dict[str, tuple[Decimal | None, Decimal | None]]


class _Bridge:
    """Sums by day, currency, measure and part, in the own and in the reporting currency."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.own: dict[tuple[date, str, str, str], Decimal | None] = defaultdict(lambda: ZERO)
        self.reported: dict[tuple[date, str, str, str], Decimal | None] = defaultdict(lambda: ZERO)
        self.days: set[tuple[date, str]] = set()

    def add(self, part: str, day: date, currency: str, amounts: Amounts, sign: int = 1) -> None:
        """Add amounts to a part. An unknown amount makes the whole sum unknown."""
        self.days.add((day, currency))
        for measure, (own, reported) in amounts.items():
            key = (day, currency, measure, part)
            for sums, amount in ((self.own, own), (self.reported, reported)):
                before = sums[key]
                sums[key] = None if before is None or amount is None else before + sign * amount

    def of_event(self, event: Event, missing_cost: Decimal | None = ZERO) -> Amounts:
        """Return the measures of an event of the revenue mart. The mart itself does not know a missing cost."""
        reported = event.reported(self.state.rates, self.state.world.reporting_currency)
        cost = cost_of(self.state, event)
        found: Amounts = {
            name: (event.amounts.get(name, ZERO), None if reported is None else reported.get(name, ZERO))
            for name in ACCOUNTS
            if name != "cost_of_goods"
        }
        if cost.is_missing:
            return found | {"cost_of_goods": (missing_cost, missing_cost)}
        return found | {"cost_of_goods": (cost.amount, cost.reported)}

    def of_posting(self, posting: Posting) -> Amounts:
        """Return the measures of a posting by versions."""
        reported = priced_posting(self.state, posting)
        found: Amounts = {name: (each, reported[name] if each else ZERO) for name, each in posting.amounts.items()}
        lines = [line for line in costs_of_posting(self.state, posting) if line.account == "cost_of_goods"]
        whole: Decimal | None = ZERO
        for line in lines:
            whole = None if whole is None or line.reported is None else whole + line.reported
        return found | {"cost_of_goods": (sum((line.amount for line in lines), ZERO), whole)}


def journal_bridge(state: State) -> Cells:
    """Return fct_journal_bridge."""
    bridge = _Bridge(state)
    for event in revenue_events(state):
        if event.clock == "placed":
            bridge.add("placed", event.day, event.currency, bridge.of_event(event, missing_cost=None))
            bridge.add("timing", event.day, event.currency, bridge.of_event(event), -1)
        elif event.clock == "shipped":
            bridge.add("timing", event.day, event.currency, bridge.of_event(event))
    for order in state.orders.values():
        for posting in order_postings(state, order):
            if posting.kind not in (*CARDS, "goodwill"):
                _add_posting(bridge, posting)
        for event in order_events(state, order, "shipped"):
            if event.kind in ("sale", "shipping", "return", "goods_refund") and is_posted(
                order, event.kind, event.line_id
            ):
                amounts = {name: (ZERO, each[1]) for name, each in bridge.of_event(event).items()}
                amounts |= {"cost_of_goods": bridge.of_event(event)["cost_of_goods"]}
                bridge.add("rates", event.day, event.currency, amounts, -1)
    accounts = {account: (measure, side) for measure, (account, side) in ACCOUNTS.items()}
    for line in journal_lines(state):
        if line.account in accounts and (line.amount or line.reported):
            measure, side = accounts[line.account]
            own: Amounts = {measure: (side * line.amount, None if line.reported is None else side * line.reported)}
            for part in ("journal", *(["gift_cards"] if line.kind in CARDS else [])):
                bridge.add(part, line.day, line.currency, own)
    return {(*key, measure): _row(bridge, key, measure) for key in bridge.days for measure in ACCOUNTS}


def _add_posting(bridge: _Bridge, posting: Posting) -> None:
    amounts = bridge.of_posting(posting)
    part = "versions" if posting.kind in CHANGES else "parcels"
    if posting.recognised != posting.day:
        bridge.add(part, posting.day, posting.currency, amounts)
    if posting.recognised is None:
        return
    if posting.recognised != posting.day:
        bridge.add(part, posting.recognised, posting.currency, amounts, -1)
    rates = {name: (ZERO, each[1]) for name, each in amounts.items()} | {"cost_of_goods": amounts["cost_of_goods"]}
    bridge.add("rates", posting.recognised, posting.currency, rates)


def _row(bridge: _Bridge, key: tuple[date, str], measure: str) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for suffix, sums in (("", bridge.own), ("_reporting", bridge.reported)):
        parts = {part: sums.get((*key, measure, part), ZERO) for part in PARTS}
        cells |= {f"{part}_amount{suffix}": amount for part, amount in parts.items()}
        cells[f"unexplained_amount{suffix}"] = None if None in parts.values() else ZERO
    return cells
