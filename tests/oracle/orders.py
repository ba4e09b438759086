"""Orders: the five axes, what is due, dates and deadlines.

Lines compute their own units and values; here they are summed and judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from tests.oracle.amounts import ZERO, minor_unit, rounded, rounded_half_up
from tests.oracle.days import end_of_day, hours_between
from tests.oracle.lines import Line, forget
from tests.oracle.parcels import PROGRESS, Parcel
from tests.oracle.payments import Money
from tests.oracle.refunds import Assignment, assign_refunds
from tests.oracle.returned import Return
from tests.oracle.rows import World
from tests.oracle.versions import Row, grouped

__all__ = ["Order"]

UNPAID_DAYS, PAYMENT_ON_DELIVERY_DAYS, INVOICE_DAYS, STUCK_DAYS = 3, 7, 30, 7


@dataclass
class Order:
    """An order with everything that happened to it."""

    world: World
    history: list[Row]
    money: Money
    lines: list[Line] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    stray_returns: list[Return] = field(default_factory=list)
    actions: list[Row] = field(default_factory=list)
    assignment: Assignment = field(default_factory=Assignment)

    @cached_property
    def row(self) -> Row:
        """Return the current version."""
        return self.history[-1]

    @cached_property
    def order_id(self) -> str:
        """Return the order's number."""
        return str(self.row["order_id"])

    @cached_property
    def currency(self) -> str:
        """Return the currency of all its amounts."""
        return str(self.row["currency"])

    def _tracks(self, feed: str) -> bool:
        return self.world.tracks(self.row["_source"], feed)

    @cached_property
    def is_paid_tracked(self) -> bool:
        """Return true if payments are covered."""
        return self._tracks("payments")

    @cached_property
    def is_shipment_tracked(self) -> bool:
        """Return true if shipments are covered."""
        return self._tracks("shipments")

    @cached_property
    def is_delivery_tracked(self) -> bool:
        """Return true if shipments and scans are covered."""
        return self._tracks("shipments") and self._tracks("tracking")

    @cached_property
    def is_return_tracked(self) -> bool:
        """Return true if returns are covered."""
        return self._tracks("returns")

    @cached_property
    def is_stock_tracked(self) -> bool:
        """Return true if stock and shipments are covered."""
        return self._tracks("stock") and self._tracks("shipments")

    @cached_property
    def all_returns(self) -> list[Return]:
        """Return the returns of which goods arrived, those of lines that we do not have included."""
        return [each for each in [*self.returns, *self.stray_returns] if each.returned > 0]

    # Cancelling and holding.

    def _acts(self, *kinds: str) -> list[Row]:
        return [action for action in self.actions if action["kind"] in kinds]

    @cached_property
    def is_cancelled(self) -> bool:
        """Return what the source says about the whole order."""
        return bool(self.row["is_cancelled"])

    @cached_property
    def cancel_action(self) -> Row | None:
        """Return the first accepted action that cancels the whole order: nothing had left by then."""
        for action in self._acts("cancel"):
            left = any(p.shipped_at <= action["occurred_at"] and not p.is_cancelled for p in self.parcels)
            if not left:
                return action
        return None

    @cached_property
    def is_whole_order_cancelled(self) -> bool:
        """Return true if the source or an action cancels the whole order."""
        return self.is_cancelled or self.cancel_action is not None

    @cached_property
    def is_on_hold(self) -> bool:
        """Return true if the latest of holds and releases is a hold."""
        latest = [act for act in self._switches if act["kind"] == "release" or self._is_possible(act)][-1:]
        return bool(latest) and latest[0]["kind"] == "hold"

    @cached_property
    def _switches(self) -> list[Row]:
        """Return holds, and releases that follow a hold."""
        acts = self._acts("hold", "release")
        befores = [None, *acts]
        return [
            act
            for before, act in zip(befores, acts, strict=False)
            if act["kind"] == "hold" or (before is not None and before["kind"] == "hold")
        ]

    def _is_possible(self, action: Row) -> bool:
        """Return true unless the whole order had been cancelled before."""
        return self.whole_cancelled_at is None or action["occurred_at"] < self.whole_cancelled_at

    def line_cancellations(self, line: Line) -> list[Row]:
        """Return the accepted actions that cancel units of a line.

        The order had not been cancelled by then, and some of the line had not left.
        """

        def left(action: Row) -> int:
            gone = [(p, row) for p, row in line.parcels if row["shipped_at"] <= action["occurred_at"]]
            return sum(int(row["quantity"]) for parcel, row in gone if parcel.counts_as_shipped)

        own = [action for action in self._acts("cancel_line") if action["line_id"] == line.line_id]
        return [action for action in own if self._is_possible(action) and left(action) < line.ordered_quantity]

    def prepare(self) -> None:
        """Cancel, close and hold units: everything about lines that depends on their order."""
        for line in self.lines:
            line.is_order_cancelled = self.is_whole_order_cancelled
            line.cancelled_by_actions = sum(
                int(action["quantity"] or line.ordered_quantity) for action in self.line_cancellations(line)
            )
            line.is_stock_tracked = self.is_stock_tracked
        tax = ZERO if self.prices_include_tax else self.ordered_shipping_tax_amount
        self.assignment = assign_refunds(
            self.lines,
            self.money,
            shipping_due=self.ordered_shipping_amount + tax,
            is_nothing_left=self.is_every_unit_cancelled,
        )
        self.forget()
        for line in self.lines:
            line.is_held = self.is_on_hold
        self.forget()

    def forget(self) -> None:
        """Forget what the order and its lines have computed."""
        forget(self)
        for line in self.lines:
            forget(line)

    # Sums of lines.

    def units(self, of: Callable[[Line], int]) -> int:
        """Return a sum of units over the lines."""
        return sum(of(line) for line in self.lines)

    def amount(self, of: Callable[[Line], Decimal]) -> Decimal:
        """Return a sum of amounts over the lines."""
        return sum((of(line) for line in self.lines), ZERO)

    @cached_property
    def ordered(self) -> int:
        """Return all ordered units."""
        return self.units(lambda line: line.ordered_quantity)

    @cached_property
    def cancelled(self) -> int:
        """Return all cancelled units."""
        return self.units(lambda line: line.cancelled_quantity)

    @cached_property
    def shipped(self) -> int:
        """Return all shipped units."""
        return self.units(lambda line: line.shipped_quantity)

    @cached_property
    def returned_of_shipped(self) -> int:
        """Return the units that came back, of those that were sent."""
        return self.units(lambda line: line.effective_returned_quantity)

    # What is due.

    @cached_property
    def is_every_unit_cancelled(self) -> bool:
        """Return true if at least one unit was ordered and every one is cancelled."""
        if not self.ordered:
            return self.is_whole_order_cancelled and not self.shipped
        return self.cancelled >= self.ordered

    def _rounded(self, name: str) -> Decimal:
        return rounded(self.row[name] or ZERO, self.currency)

    @cached_property
    def ordered_shipping_amount(self) -> Decimal:
        """Return shipping as ordered."""
        return self._rounded("shipping_amount")

    @cached_property
    def ordered_shipping_tax_amount(self) -> Decimal:
        """Return tax on shipping as ordered."""
        return self._rounded("shipping_tax_amount")

    @cached_property
    def shipping_amount(self) -> Decimal:
        """Return shipping, due unless every unit is cancelled."""
        return ZERO if self.is_every_unit_cancelled else self.ordered_shipping_amount

    @cached_property
    def shipping_tax_amount(self) -> Decimal:
        """Return tax on shipping, due unless every unit is cancelled."""
        return ZERO if self.is_every_unit_cancelled else self.ordered_shipping_tax_amount

    @cached_property
    def prices_include_tax(self) -> bool:
        """Return true if prices include tax, and shipping its own."""
        return bool(self.row["prices_include_tax"])

    @cached_property
    def due_amount(self) -> Decimal:
        """Return what the customer owes for the kept units."""
        tax = ZERO if self.prices_include_tax else self.amount(lambda x: x.tax_amount) + self.shipping_tax_amount
        return self.amount(lambda line: line.net_amount) + tax + self.shipping_amount

    @cached_property
    def ordered_due_amount(self) -> Decimal:
        """Return what was due as ordered."""
        ordered_tax = self.amount(lambda line: line.ordered_tax_amount) + self.ordered_shipping_tax_amount
        tax = ZERO if self.prices_include_tax else ordered_tax
        return self.amount(lambda line: line.ordered_net_amount) + tax + self.ordered_shipping_amount

    @cached_property
    def returned_value(self) -> Decimal:
        """Return the value of returned units with tax."""
        return self.amount(lambda line: line.returned_value)

    @cached_property
    def due_now(self) -> Decimal:
        """Return what is due less the value of returned units."""
        return self.due_amount - self.returned_value

    @cached_property
    def tolerance(self) -> Decimal:
        """Return one minor unit, and the greatest difference among the usual ways to round the lines."""
        one_by_one = half_up = exact = ZERO
        for line in self.lines:
            kept, quantity = line.kept_quantity, line.ordered_quantity
            if not quantity:
                continue
            row = line.row
            totals = [row["unit_price"] * quantity, -(row["discount_amount"] or ZERO)]
            totals += [] if self.prices_include_tax else [row["tax_amount"] or ZERO]
            for total in totals:
                share = total * kept / quantity
                one_by_one += rounded(share, self.currency)
                half_up += rounded_half_up(share, self.currency)
                exact += share
        once = rounded(exact, self.currency)
        ways = (one_by_one, half_up, once)
        return minor_unit(self.currency) + max(ways) - min(ways)

    @cached_property
    def is_settled(self) -> bool:
        """Return true if nothing is due, or captures reach what is due, before or after returns."""
        captured, refunded = self.money.captured, self.money.refunded_for_status
        if not self.is_paid_tracked:
            return self.due_amount == 0
        return (
            self.due_amount == 0
            or captured >= self.due_amount - self.tolerance
            or captured - refunded >= self.due_now - self.tolerance
        )

    @cached_property
    def owed_to_us(self) -> Decimal:
        """Return what the customer still owes."""
        if self.is_settled:
            return ZERO
        return max(self.due_now - self.money.captured + self.money.refunded_for_status, ZERO)

    @cached_property
    def owed_back(self) -> Decimal:
        """Return what we owe the customer."""
        return max(self.money.captured - self.money.refunded_for_status - self.due_now, ZERO)

    # The axes.

    @cached_property
    def payment_terms(self) -> str:
        """Return the terms of payment; an unknown word counts as prepaid."""
        terms = self.row["payment_terms"] or "prepaid"
        return "prepaid" if terms == "unknown" else str(terms)

    @cached_property
    def is_arrived(self) -> bool:
        """Return true if every shipped unit is delivered, returned or not tracked."""
        if not self.is_delivery_tracked:
            return True
        return all(
            max(line.delivered_quantity, line.effective_returned_quantity) >= line.shipped_quantity
            for line in self.lines
        )

    @cached_property
    def order_status(self) -> str:
        """Return the order's own status."""
        is_gone = self.is_whole_order_cancelled or (self.ordered > 0 and self.cancelled == self.ordered)
        if is_gone and self.shipped == 0:
            return "cancelled"
        if self.is_on_hold:
            return "on_hold"
        is_open = any(line.open_quantity > 0 for line in self.lines if line.requires_shipping)
        if self.lines and self.is_shipment_tracked and not is_open and self.is_arrived and self.is_settled:
            return "closed"
        return "confirmed" if self.confirmations else "placed"

    @cached_property
    def confirmations(self) -> list[datetime]:
        """Return the instants at which each condition of a confirmed order first held."""
        found = [action["occurred_at"] for action in self._acts("confirm") if self._is_possible(action)][:1]
        if self.payment_terms in ("on_delivery", "invoice"):
            found.append(self.placed_at)
        if self.shipped:
            found.append(self.shipped_instants[0])
        if self.is_covered_known and max(self.money.authorized, self.money.captured) >= self.enough:
            found += [self.covered_at] if self.covered_at else []
        return found

    @cached_property
    def enough(self) -> Decimal:
        """Return the money that confirms the order."""
        return self.due_amount - self.tolerance

    @cached_property
    def is_covered_known(self) -> bool:
        """Return true if it is known whether the money is there."""
        return self.is_paid_tracked or self.due_amount == 0

    @cached_property
    def covered_at(self) -> datetime | None:
        """Return when authorised or captured money first was enough, also if it was voided later."""
        if not self.is_covered_known:
            return None
        if self.enough <= 0:
            return self.placed_at
        authorized = captured = ZERO
        for at, payments in sorted(grouped(self.money.payments, lambda payment: payment.occurred_at).items()):
            for payment in payments:
                amount = payment.amount or ZERO
                authorized += {"authorized": amount, "voided": -amount}.get(payment.kind, ZERO)
                captured += amount if payment.kind == "captured" else ZERO
            if max(authorized, captured) >= self.enough:
                return at
        return None

    @cached_property
    def paid_at(self) -> datetime | None:
        """Return when captures first reached due − tolerance."""
        if not self.is_paid_tracked:
            return None
        captured, enough = ZERO, self.due_amount - self.tolerance
        if enough <= 0:
            return self.placed_at
        for payment in self.money.payments:
            captured += (payment.amount or ZERO) if payment.kind == "captured" else ZERO
            if captured >= enough:
                return payment.occurred_at
        return None

    @cached_property
    def is_free_extra(self) -> bool:
        """Return true for a replacement or sample whose kept units cost nothing."""
        return self.row["order_type"] in ("replacement", "sample") and self.amount(lambda x: x.net_amount) == 0

    @cached_property
    def confirmed_at(self) -> datetime | None:
        """Return when the order was first confirmed, also by money that was voided later; none while it is placed."""
        if self.order_status == "placed":
            return None
        covered = [self.covered_at] if self.covered_at else []
        return min([*self.confirmations, *self.shipped_instants, *covered], default=None)

    @cached_property
    def payment_status(self) -> str:
        """Return the status of the order's money."""
        if not self.is_paid_tracked:
            return "not_tracked"
        money, due, tolerance = self.money, self.due_amount, self.tolerance
        captured, refunded = money.captured, money.refunded_for_status
        kinds = {payment.kind for payment in money.payments}
        rules = (
            ("disputed", money.disputed > 0),
            ("refunded", captured > 0 and refunded >= captured),
            ("part_refunded", refunded > max(captured - due, ZERO) + tolerance),
            ("overpaid", captured - refunded > due + tolerance),
            ("paid", captured - refunded >= self.due_now - tolerance and due > 0),
            ("not_due", due == 0),
            ("part_paid", captured > 0),
            ("authorized", money.authorized > 0),
            ("voided", money.total("voided") > 0),
            ("failed", "failed" in kinds),
        )
        return next((status for status, holds in rules if holds), "none")

    @cached_property
    def fulfilment_status(self) -> str:
        """Return how far the kept units that require shipping are."""
        if not self.is_shipment_tracked:
            return "not_tracked"
        physical = [line for line in self.lines if line.requires_shipping]
        kept = sum(line.kept_quantity for line in physical)
        shipped = sum(min(line.shipped_quantity, line.kept_quantity) for line in physical)
        delivered = sum(min(line.delivered_quantity, line.kept_quantity) for line in physical)
        if not kept:
            return "nothing_to_fulfil"
        if delivered:
            return "delivered" if delivered >= kept else "part_delivered"
        if shipped:
            return "shipped" if shipped >= kept else "part_shipped"
        return "unfulfilled"

    @cached_property
    def delivery_status(self) -> str:
        """Return the status of the least advanced parcel."""
        if not self.is_delivery_tracked:
            return "not_tracked"
        living = [parcel.status for parcel in self.parcels if parcel.status in PROGRESS]
        if living:
            return min(living, key=PROGRESS.index)
        ended = {parcel.status for parcel in self.parcels}
        return "lost" if "lost" in ended else "cancelled" if ended else "none"

    @cached_property
    def has_delivery_problem(self) -> bool:
        """Return true if the latest scan of a parcel is a problem."""
        return any(parcel.has_problem for parcel in self.parcels if not (parcel.is_cancelled or parcel.is_lost))

    @cached_property
    def return_status(self) -> str:
        """Return how far the order's returns are."""
        if not self.is_return_tracked:
            return "not_tracked"
        if self.returned_of_shipped:
            whole = self.shipped if self.is_shipment_tracked else self.ordered - self.cancelled
            return "returned" if self.returned_of_shipped >= whole else "part_returned"
        steps = {each.step for each in self.returns}
        return next((step for step in ("approved", "requested", "declined") if step in steps), "none")

    # Dates.

    @cached_property
    def placed_at(self) -> datetime:
        """Return the instant of placing in the earliest version."""
        at: datetime = self.history[0]["placed_at"]
        return at

    @cached_property
    def shipped_instants(self) -> list[datetime]:
        """Return when parcels left, without cancelled ones."""
        return sorted(at for line in self.lines for at in line.shipped_instants)

    @cached_property
    def is_delivered(self) -> bool:
        """Return true if every kept unit that requires shipping arrived."""
        kept = [line for line in self.lines if line.requires_shipping and line.kept_quantity > 0]
        return bool(kept) and all(line.delivered_at for line in kept)

    @cached_property
    def delivered_at(self) -> datetime | None:
        """Return when the last kept unit arrived."""
        if not self.is_delivered or not self.is_delivery_tracked:
            return None
        return max(line.delivered_at for line in self.lines if line.requires_shipping and line.delivered_at)

    @cached_property
    def first_attempt_at(self) -> datetime | None:
        """Return the first delivery, attempt or pickup of any parcel."""
        return min(
            (p.first_attempt_at for p in self.parcels if p.first_attempt_at and not p.is_cancelled), default=None
        )

    @cached_property
    def whole_cancelled_at(self) -> datetime | None:
        """Return when the whole order was cancelled, as the source says, by a version or by an action."""
        if self.is_cancelled and self.row["cancelled_at"]:
            at: datetime = self.row["cancelled_at"]
            return at
        candidates: list[datetime] = []
        if self.is_cancelled:
            kept = [row["updated_at"] for row in self.history if not row["is_cancelled"]]
            since = [row["updated_at"] for row in self.history if not kept or row["updated_at"] > kept[-1]]
            candidates.append(since[0])
        if self.cancel_action:
            candidates.append(self.cancel_action["occurred_at"])
        return min(candidates, default=None)

    @cached_property
    def cancelled_at(self) -> datetime | None:
        """Return when the order was cancelled: as a whole, else when its last unit was."""
        if self.is_whole_order_cancelled:
            return self.whole_cancelled_at
        instants = [self.cancelled_at_of(line) for line in self.lines if line.ordered_quantity]
        known = [at for at in instants if at is not None]
        return max(known) if known and len(known) == len(instants) else None

    def cancelled_at_of(self, line: Line) -> datetime | None:
        """Return when the last unit of a line was cancelled, also if some of them had left by then."""
        if self.is_whole_order_cancelled:
            return self.whole_cancelled_at
        return self._last_unit_cancelled_at(line) if line.ordered_quantity else None

    def _last_unit_cancelled_at(self, line: Line) -> datetime | None:
        wanted = line.ordered_quantity - line.closed_lost_units
        if wanted <= 0:
            return max(self.assignment.paid_by(line.closed_by_refunds_of), self.placed_at)
        instants: list[datetime] = []
        for row in reversed(line.history):
            if (row["cancelled_quantity"] or 0) < wanted:
                break
            instants = [row["updated_at"]]
        acted = 0
        for action in self.line_cancellations(line):
            acted += int(action["quantity"] or line.ordered_quantity)
            if acted >= wanted:
                instants.append(action["occurred_at"])
                break
        if not instants:
            return None
        if line.closed_lost_units:
            return max(self.assignment.paid_by(line.closed_by_refunds_of), min(instants), self.placed_at)
        return min(instants)

    @cached_property
    def promise_is_date_only(self) -> bool:
        """Return true if the promise is a day."""
        return bool(self.row["promise_is_date_only"])

    def promise(self, row: Row) -> datetime | None:
        """Return the promise of a version: of a day, the start of that day in the business zone."""
        at: datetime | None = row["promised_at"]
        if at is None or not row["promise_is_date_only"]:
            return at
        return end_of_day(at.date() - timedelta(days=1), self.world.time_zone) + timedelta(microseconds=1)

    @cached_property
    def first_promised_at(self) -> datetime | None:
        """Return the promise of the earliest version that has one, else the latest first promise of a line."""
        own = next((self.promise(row) for row in self.history if row["promised_at"]), None)
        of_lines = [self.promise(first) for first in self.first_promises_of_lines]
        return own or max((at for at in of_lines if at is not None), default=None)

    @cached_property
    def current_promised_at(self) -> datetime | None:
        """Return the promise of the current version."""
        return self.promise(self.row)

    def deadline(self, row: Row | None) -> datetime | None:
        """Return the instant after which the promise of a version is broken: of a day, its end."""
        if row is None or row["promised_at"] is None:
            return None
        at: datetime = row["promised_at"]
        return end_of_day(at.date(), self.world.time_zone) if row["promise_is_date_only"] else at

    @cached_property
    def first_deadline(self) -> datetime | None:
        """Return the instant after which the first promise is broken, else the latest first promise of a line."""
        own = self.deadline(next((row for row in self.history if row["promised_at"]), None))
        of_lines = [self.deadline(first) for first in self.first_promises_of_lines]
        return own or max((at for at in of_lines if at is not None), default=None)

    @cached_property
    def first_promises_of_lines(self) -> list[Row]:
        """Return the version with the first promise of each line that has one of its own."""
        own = [next((row for row in line.history if row.get("promised_at")), None) for line in self.lines]
        return [row for row in own if row is not None]

    def promising(self, line: Line) -> tuple[Row | None, Row]:
        """Return the versions with the first and with the current promise of a line: its own, else the order's."""
        own = [row for row in line.history if row.get("promised_at")]
        first = next(iter(own or [row for row in self.history if row["promised_at"]]), None)
        return first, line.row if line.row.get("promised_at") else self.row

    def late_at_of(self, line: Line) -> datetime | None:
        """Return the instant after which the current promise of a line is broken, if it is to be delivered."""
        if not self.is_delivery_tracked or not line.requires_shipping or not line.kept_quantity:
            return None
        return self.deadline(self.promising(line)[1])

    def was_late_of(self, line: Line) -> bool:
        """Return true if a line was delivered after its first promise."""
        promised = self.deadline(self.promising(line)[0])
        return bool(self.is_delivery_tracked and promised and line.delivered_at and line.delivered_at > promised)

    @cached_property
    def late_at(self) -> datetime | None:
        """Return the instant after which the first of its lines is late; those that have not arrived come first."""
        if self.order_status == "cancelled":
            return None
        waiting = [line for line in self.lines if not line.has_arrived]
        found = [at for at in map(self.late_at_of, waiting) if at is not None]
        return min(found or [at for at in map(self.late_at_of, self.lines) if at is not None], default=None)

    @cached_property
    def is_late(self) -> bool:
        """Return true if the clock is past the promise and the order neither delivered nor cancelled."""
        late = [self.late_at_of(line) for line in self.lines if not line.has_arrived]
        return self.order_status != "cancelled" and any(at is not None and self.world.as_of > at for at in late)

    @cached_property
    def was_late(self) -> bool:
        """Return true if it was delivered, and one of its lines after its first promise."""
        return bool(self.delivered_at) and any(self.was_late_of(line) for line in self.lines if line.requires_shipping)

    @cached_property
    def unpaid_at(self) -> datetime | None:
        """Return the instant after which what is owed is overdue."""
        if not self.is_paid_tracked or self.owed_to_us <= self.tolerance:
            return None
        if self.payment_terms == "on_delivery":
            return self.delivered_at + timedelta(days=PAYMENT_ON_DELIVERY_DAYS) if self.delivered_at else None
        if self.payment_terms == "invoice":
            due_at: datetime = self.row["invoice_due_at"] or self.placed_at + timedelta(days=INVOICE_DAYS)
            return due_at
        if not self.money.captured and self.money.authorized >= self.due_amount - self.tolerance:
            return None  # reserved money is as good as paid until it is captured or voided
        return self.placed_at + timedelta(days=UNPAID_DAYS)

    @cached_property
    def is_unpaid(self) -> bool:
        """Return true if the clock is past the term of what is owed."""
        return self.unpaid_at is not None and self.world.as_of > self.unpaid_at

    @cached_property
    def stuck_at(self) -> datetime | None:
        """Return the instant after which a parcel on its way is stuck."""
        if not self.is_delivery_tracked:
            return None
        waiting = [
            max([parcel.shipped_at, *(scan["occurred_at"] for scan in parcel.scans)]) + timedelta(days=STUCK_DAYS)
            for parcel in self.parcels
            if not parcel.is_delivered and parcel.status not in ("returned", "lost", "cancelled")
        ]
        is_back = self.shipped > 0 and self.returned_of_shipped >= self.shipped
        return None if is_back else min(waiting, default=None)

    @cached_property
    def is_stuck(self) -> bool:
        """Return true if a parcel on its way has had no scan for too long."""
        return self.stuck_at is not None and self.world.as_of > self.stuck_at

    @cached_property
    def stage(self) -> str:
        """Return one word for people."""
        to_ship = sum(line.open_quantity for line in self.lines if line.requires_shipping)
        rules = (
            ("cancelled", self.order_status == "cancelled"),
            ("returned", self.return_status == "returned"),
            ("on_hold", self.order_status == "on_hold"),
            ("closed", self.order_status == "closed"),
            ("delivered", self.is_delivered and self.is_delivery_tracked),
            ("delivery_problem", self.has_delivery_problem),
            ("late", self.is_late),
            (
                "awaiting_payment",
                self.is_paid_tracked
                and self.payment_terms == "prepaid"
                and self.order_status == "placed"
                and not self.shipped
                and self.due_amount > 0,
            ),
            ("in_transit", self.shipped > 0 and not to_ship),
            ("part_shipped", self.shipped > 0),
            ("awaiting_stock", self.units(lambda line: line.backordered_quantity) > 0),
            ("ready_to_ship", self.order_status == "confirmed" and to_ship > 0 and self.is_shipment_tracked),
        )
        return next((stage for stage, holds in rules if holds), "placed")

    @cached_property
    def hours_to_ship(self) -> float | None:
        """Return the hours from placing to the first departure."""
        return hours_between(self.placed_at, next(iter(self.shipped_instants), None))

    @cached_property
    def hours_in_transit(self) -> float | None:
        """Return the hours from the first departure to the delivery."""
        return hours_between(next(iter(self.shipped_instants), None), self.delivered_at)

    @cached_property
    def hours_to_deliver(self) -> float | None:
        """Return the hours from placing to the delivery."""
        return hours_between(self.placed_at, self.delivered_at)
