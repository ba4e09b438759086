"""Figures of periods, which a closing stores: revenue events, journal balances and orders, subject by subject."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.oracle.amounts import ZERO
from tests.oracle.costs import cost_of
from tests.oracle.journal import BALANCING, journal_lines
from tests.oracle.revenue import AMOUNTS, Event
from tests.oracle.state import State
from tests.oracle.takebacks import revenue_events
from tests.oracle.versions import grouped

__all__ = ["period_figures"]

Cells = dict[tuple[Any, ...], dict[str, Any]]
OF_ORDERS = ("net", "due", "captured", "refunded", "owed_to_us", "owed_back")
CONVERTED = ("net", "due", "owed_to_us", "owed_back")


def period_figures(state: State) -> Cells:
    """Return fct_period_figures; figures of zero are left out."""
    return _revenue(state) | _journal(state) | _orders(state)


def _revenue(state: State) -> Cells:
    notes = {note.return_id for note in state.credit_notes}

    def key(event: Event) -> tuple[Any, ...]:
        kind = "return" if event.kind == "credit_note" and event.subject in notes else "order"
        place = (event.clock, event.channel, event.country, event.category, None, event.currency)
        return (*place, kind, event.subject, event.day)

    cells: Cells = {}
    for (*place, day), events in grouped(revenue_events(state), key).items():
        reported = [event.reported(state.rates, state.world.reporting_currency) for event in events]
        costs = [cost_of(state, event) for event in events]
        for name in (*AMOUNTS, "net_sales"):
            amount = sum((_measure(event.amounts, name) for event in events), ZERO)
            known = _whole(None if each is None else _measure(each, name) for each in reported)
            _add(cells, ("revenue", *place, name, day), amount, known)
        own = _whole(None if cost.is_missing else cost.amount for cost in costs)
        known = _whole(None if cost.is_missing else cost.reported for cost in costs)
        _add(cells, ("revenue", *place, "cost_of_goods", day), own, known)
    return cells


def _measure(amounts: dict[str, Decimal], name: str) -> Decimal:
    if name == "net_sales":
        return _measure(amounts, "gross_sales") - _measure(amounts, "discounts") - _measure(amounts, "returns")
    return amounts.get(name, ZERO)


def _journal(state: State) -> Cells:
    orders = {*state.orders, *state.orphan_money}
    notes = {note.return_id for note in state.credit_notes}
    payouts = {row["payout_id"] for row in state.world.events("payouts")}
    kinds = {
        subject: kind
        for kind, names in (("payout", payouts), ("return", notes), ("order", orders))
        for subject in names
    }
    cells: Cells = {}
    lines = [line for line in journal_lines(state) if line.amount or line.reported]
    for key, members in grouped(lines, lambda line: (line.account, line.currency, line.subject, line.day)).items():
        account, currency, subject, day = key
        amount = sum((line.amount for line in members), ZERO)
        known = _whole(line.reported for line in members)
        place = (None, None, None, None, account, currency, kinds.get(subject, "goods"), subject)
        _add(cells, ("journal", *place, "balance", day), amount, known)
        if account in BALANCING and (*("journal", *place, "balance", day),) in cells:
            del cells[("journal", *place, "balance", day)]["amount_reporting"]
    return cells


def _orders(state: State) -> Cells:
    from tests.oracle.expected import orders as order_rows

    cells: Cells = {}
    for (order_id,), row in order_rows(state).items():
        place = (None, row["channel"], row["ship_country"], None, None, row["currency"], "order", order_id)
        for name in OF_ORDERS:
            reported = row[f"{name}_amount_reporting"] if name in CONVERTED else None
            _add(cells, ("orders", *place, name, row["placed_date"]), row[f"{name}_amount"], reported)
    return cells


def _add(cells: Cells, key: tuple[Any, ...], amount: Decimal | None, reported: Decimal | None) -> None:
    if amount or reported:
        cells[key] = {"amount": amount, "amount_reporting": reported}


def _whole(values: Iterable[Decimal | None]) -> Decimal | None:
    known = list(values)
    return None if None in known else sum((value for value in known if value is not None), ZERO)
