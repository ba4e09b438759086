"""True state of every order, computed from the world itself.

It is written from the definitions, on the world's own arrays and not on the feed records, so that it shares no error
with the warehouse. All amounts are hundredths until they are returned as decimals. Cases in which the definitions
allow more than one reading are named in `caveat`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from orderhouse.simulate.amounts import decimals
from orderhouse.simulate.calendar import NEVER
from orderhouse.simulate.catalogue import CURRENCIES, GOODS, Catalogue
from orderhouse.simulate.columns import instants, numbered, words
from orderhouse.simulate.draws import Bools, Ints
from orderhouse.simulate.life import Lives
from orderhouse.simulate.line_truth import LineState, lines_at, per_order
from orderhouse.simulate.orders import PREPAID
from orderhouse.simulate.owing import line_value, total_per_order
from orderhouse.simulate.payment_book import KINDS

ORDER_STATUSES = ("cancelled", "on_hold", "closed", "confirmed", "placed")


PAYMENT_STATUSES = (
    "disputed",
    "refunded",
    "part_refunded",
    "overpaid",
    "paid",
    "not_due",
    "part_paid",
    "authorized",
    "voided",
    "failed",
    "none",
)


FULFILMENT_STATUSES = ("nothing_to_fulfil", "delivered", "part_delivered", "shipped", "part_shipped", "unfulfilled")


CAVEATS = ("lost_or_sent_back", "recalled_parcel", "not_shippable", "")


def order_truth(lives: Lives, catalogue: Catalogue) -> pl.DataFrame:
    """Return one row per order placed by the end of the window."""
    until = catalogue.calendar.until
    orders, lines, handling = lives.orders, lives.lines, lives.fulfilment.handling
    state = lines_at(lives, until)
    units = {
        "ordered": per_order(lives, lines.quantity),
        "cancelled": per_order(lives, state.cancelled),
        "shipped": per_order(lives, state.shipped),
        "lost": per_order(lives, state.lost),
        "carrier_returned": per_order(lives, state.sent_back),
        "recalled": per_order(lives, state.recalled),
        "delivered": per_order(lives, state.delivered),
        "returned": per_order(lives, state.returned),
    }
    units["open"] = np.maximum(units["ordered"] - units["cancelled"] - units["shipped"], 0)
    money = _money_at(lives, until)
    every = np.ones(len(lines), dtype=np.bool_)
    ordered_due = total_per_order(orders, lines, lines.quantity, every)
    due = total_per_order(orders, lines, lines.quantity - state.cancelled, every)
    returned_value = per_order(lives, _returned_value(lives, state))
    settled = _settled(due, returned_value, money, orders.step)
    delivered_at = _delivered_at(lives, units, until)
    cancelled_flag = handling.cancelled_at <= until
    frame = pl.DataFrame(
        {
            "order_id": numbered("OH-", orders.number),
            "currency": words(CURRENCIES, orders.currency),
            "is_test": pl.Series(orders.is_test),
            "is_cancelled": pl.Series(cancelled_flag),
            "order_status": words(ORDER_STATUSES, _order_status(lives, units, money, due, settled, until)),
            "payment_status": words(PAYMENT_STATUSES, _payment_status(money, due, due - returned_value, orders.step)),
            "fulfilment_status": words(FULFILMENT_STATUSES, _fulfilment_status(lives, state)),
            "is_settled": pl.Series(settled),
            **{f"{name}_quantity": pl.Series(values) for name, values in units.items()},
            "ordered_due_amount": decimals(ordered_due),
            "due_amount": decimals(due),
            **{f"{name}_amount": decimals(values) for name, values in money.items() if name != "failed"},
            "placed_at": instants(orders.placed_at),
            "delivered_at": instants(delivered_at),
            "caveat": words(CAVEATS, _caveat(lives, units)),
        }
    )
    return frame.filter(pl.Series(orders.placed_at <= until))


def _money_at(lives: Lives, instant: int) -> dict[str, Ints]:
    payments, known = lives.payments, lives.payments.occurred_at <= instant

    def total(amounts: Ints, *kinds: str) -> Ints:
        chosen = known & np.isin(payments.kind, [KINDS.index(kind) for kind in kinds])
        result = np.zeros(len(lives.orders), dtype=np.int64)
        np.add.at(result, payments.order[chosen], amounts[chosen])
        return result

    amount = payments.amount
    return {
        "authorized": np.maximum(total(amount, "authorized") - total(amount, "voided"), 0),
        "captured": total(amount, "captured"),
        "voided": total(amount, "voided"),
        "refunded": total(amount, "refunded"),
        "disputed": total(amount, "disputed") - total(amount, "dispute_won"),
        "fee": total(payments.fee, *KINDS),
        "failed": total(amount, "failed"),
    }


def _returned_value(lives: Lives, state: LineState) -> Ints:
    kept = lives.lines.quantity - state.cancelled
    back = np.minimum(state.returned, kept)
    return line_value(lives.orders, lives.lines, kept) - line_value(lives.orders, lives.lines, kept - back)


def _settled(due: Ints, returned_value: Ints, money: dict[str, Ints], tolerance: Ints) -> Bools:
    captured, refunded = money["captured"], money["refunded"]
    paid = captured >= due - tolerance
    return np.asarray((due == 0) | paid | (captured - refunded >= due - returned_value - tolerance), dtype=np.bool_)


def _order_status(
    lives: Lives, units: dict[str, Ints], money: dict[str, Ints], due: Ints, settled: Bools, until: int
) -> Ints:
    handling = lives.fulfilment.handling
    gone = (handling.cancelled_at <= until) | (units["cancelled"] == units["ordered"])
    held = (handling.held_at <= until) & (handling.released_at > until)
    lost_too = units["shipped"] + units["lost"] + units["carrier_returned"]
    # A returned unit still counts as delivered, so "delivered, returned or lost" is delivered + lost here.
    arrived = units["delivered"] + units["lost"] + units["carrier_returned"] >= lost_too
    enough = np.maximum(money["authorized"], money["captured"]) >= due - lives.orders.step
    confirmed = (handling.confirmed_at <= until) | enough | (lives.orders.terms != PREPAID) | (units["shipped"] > 0)
    return np.select(
        [gone & (units["shipped"] == 0), held, (units["open"] == 0) & arrived & settled, confirmed], [0, 1, 2, 3], 4
    ).astype(np.int64)


def _payment_status(money: dict[str, Ints], due: Ints, due_now: Ints, tolerance: Ints) -> Ints:
    captured, refunded = money["captured"], money["refunded"]
    kept = captured - refunded
    rules = [
        money["disputed"] > 0,
        (captured > 0) & (refunded >= captured),
        refunded > np.maximum(captured - due, 0) + tolerance,
        kept > due + tolerance,
        (kept >= due_now - tolerance) & (due > 0),
        due == 0,
        captured > 0,
        money["authorized"] > 0,
        money["voided"] > 0,
        money["failed"] > 0,
    ]
    return np.select(rules, list(range(10)), 10).astype(np.int64)


def _fulfilment_status(lives: Lives, state: LineState) -> Ints:
    physical = lives.lines.kind == GOODS
    units = per_order(lives, np.where(physical, lives.lines.quantity - state.cancelled, 0))
    shipped, delivered = per_order(lives, state.shipped), per_order(lives, state.delivered)
    rules = [units == 0, delivered >= units, delivered > 0, shipped >= units, shipped > 0]
    return np.select(rules, [0, 1, 2, 3, 4], 5).astype(np.int64)


def _delivered_at(lives: Lives, units: dict[str, Ints], until: int) -> Ints:
    pieces, parcels = lives.fulfilment.pieces, lives.fulfilment.shipments
    arrived = parcels.delivered_at[pieces.shipment]
    last = np.full(len(lives.orders), -1, dtype=np.int64)
    np.maximum.at(last, pieces.order, np.where(arrived <= until, arrived, -1))
    complete = (units["delivered"] > 0) & (units["delivered"] >= units["ordered"] - units["cancelled"])
    return np.where(complete, last, NEVER)


def _caveat(lives: Lives, units: dict[str, Ints]) -> Ints:
    not_goods = per_order(lives, (lives.lines.kind != GOODS).astype(np.int64)) > 0
    gone = units["lost"] + units["carrier_returned"] > 0
    return np.select([gone, units["recalled"] > 0, not_goods], [0, 1, 2], 3).astype(np.int64)
