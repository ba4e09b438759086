"""Surroundings of the orders of a chaotic world: costs and estimates of parcels, payouts, carts, feedback and notes.

They are drawn by a generator of their own, so that orders, lines and payments of a seed stay what they are. Payouts
have every case that a provider states: failed and replaced, negative, without parts, in two currencies, with fees of
disputes, reserves and movements that no payment explains, and payouts that nobody states.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

__all__ = ["add_details"]

Feeds = dict[str, list[dict[str, Any]]]
SERVICES = ("express", "standard", None)
MOVEMENTS = ("fee", "dispute_fee", "adjustment", "reserve", "transfer", "failed_payout", "mystery")
STATES = (
    ("pending", "in_transit", "paid"),
    ("in_transit", "paid"),
    ("in_transit",),
    ("pending",),
    ("paid", "failed"),
    ("pending", "cancelled"),
    (),
)
SIGNS = {"captured": 1, "refunded": -1, "disputed": -1, "dispute_won": 1}
NOTES = ("note", "tag", "assign")
CARTS = ("added", "added", "removed", "abandoned", "converted")


class _Details:
    """The rows that are added to the feeds of one seed."""

    def __init__(self, feeds: Feeds, seed: int) -> None:
        self.feeds, self.seed = feeds, seed
        self.random = Random(f"details-{seed}")  # noqa: S311 a repeatable world, no secret
        self.numbers = 0

    def id(self, prefix: str) -> str:
        self.numbers += 1
        return f"k{self.seed}-{prefix}-{self.numbers}"

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def after(self, instant: str, days: int) -> str:
        moved = datetime.fromisoformat(instant) + timedelta(seconds=self.random.randrange(-3_600, days * 86_400))
        return moved.strftime("%Y-%m-%dT%H:%M:%SZ")

    def money(self, greatest: int) -> Decimal:
        return Decimal(self.random.randrange(greatest * 100)).scaleb(-2)

    def add(self, feed: str, **row: Any) -> None:
        self.feeds[feed].append({name: value for name, value in row.items() if value is not None})

    def describe_parcels(self) -> None:
        """Give every parcel a carrier, a service, a cost and an estimate, the same on all its rows."""
        random, parcels = self.random, defaultdict(list)
        for row in list(self.feeds["shipments"]):
            parcels[row["shipment_id"]].append(row)
        for rows in parcels.values():
            estimate: dict[str, Any] = {}
            if self.chance(0.6):
                estimate = {"estimated_delivery_at": self.after(rows[0]["shipped_at"], 8)}
                if self.chance(0.4):
                    estimate = {"estimated_delivery_at": estimate["estimated_delivery_at"][:10]}
            cost: dict[str, Any] = {}
            if self.chance(0.7):
                cost = {"cost_amount": str(self.money(12)), "cost_currency": random.choice(["EUR", "USD", "BRL"])}
            service = random.choice(SERVICES)
            if self.chance(0.1):
                self._share(rows)
            for row in rows:
                row |= estimate | cost | ({"service": service} if service else {})
            if self.chance(0.15):
                self._number_by_scans(rows)

    def _share(self, rows: list[dict[str, Any]]) -> None:
        """Put a line of another order into a parcel."""
        line = self.random.choice(self.feeds["order_lines"])
        if line["order_id"] != rows[0]["order_id"]:
            named = {name: line[name] for name in ("order_id", "line_id", "sku")}
            row = rows[0] | named | {"quantity": self.random.choice([1, 1, 2])}
            self.feeds["shipments"].append(row)
            rows.append(row)

    def _number_by_scans(self, rows: list[dict[str, Any]]) -> None:
        """Let the scans of a parcel name its number in place of the shipment, if they name the shipment."""
        scans = [row for row in self.feeds["tracking"] if row.get("shipment_id") == rows[0]["shipment_id"]]
        number = rows[0].get("tracking_number")
        if number and not any(row.get("tracking_number") == number for row in self.feeds["tracking"]):
            for row in rows:
                row.pop("tracking_number")
            for row in scans[:2]:
                row |= {"carrier": rows[0]["carrier"], "tracking_number": number}

    def add_payouts(self) -> None:
        """State payouts of the payments that name one, and some of their own."""
        payments = defaultdict(list)
        for row in self.feeds["payments"]:
            if "payout_id" in row:
                payments[row["payout_id"]].append(row)
        unnamed = [row for row in self.feeds["payments"] if "payout_id" not in row]
        for payout_id, rows in sorted(payments.items()):
            paid_at = self.after(rows[0]["occurred_at"], 10)
            for row in rows:
                if self.chance(0.6):
                    row["payout_at"] = paid_at if self.chance(0.9) else self.after(paid_at, 3)
            self._payout(payout_id, rows, self.random.choice(unnamed) if unnamed else None)
        self._payout(self.id("payout"), [], None)

    def _payout(self, payout_id: str, payments: list[dict[str, Any]], stray: dict[str, Any] | None) -> None:
        random = self.random
        at = self.after("2026-05-01T12:00:00Z", 40)
        for currency in random.choice([("EUR",), ("EUR",), ("USD",), ("EUR", "USD")]):
            provider = random.choice(["stripe", "stripe", "adyen", None])
            common = {"payout_id": payout_id, "currency": currency, "provider": provider}
            total = Decimal(0)
            for row in [*payments, *([stray] if stray and self.chance(0.4) else [])]:
                if self.chance(0.6):
                    total += self._movement(common, "payment", row, at)
            for kind in random.sample(MOVEMENTS, random.randrange(4)):
                total += self._movement(common, kind, None, at)
            if self.chance(0.3):
                gone = {"payment_id": self.id("gone"), "kind": "captured", "amount": str(self.money(40))}
                total += self._movement(common, "payment", gone, at)
            stated = total if self.chance(0.5) else self.money(90) - 20
            for state in random.choice(STATES):
                self._state(common, state, stated, at)

    def _movement(self, common: dict[str, Any], kind: str, payment: dict[str, Any] | None, at: str) -> Decimal:
        amount = self.money(20) - 10
        if payment is not None and payment["kind"] in SIGNS:
            amount = SIGNS[payment["kind"]] * Decimal(payment["amount"]).quantize(Decimal("0.01"))
        fee = self.money(2) if self.chance(0.4) else None
        names_payment = payment is not None or (kind == "dispute_fee" and self.feeds["payments"] and self.chance(0.5))
        named = payment or (self.random.choice(self.feeds["payments"]) if names_payment else None)
        self.add(
            "payouts",
            movement_id=self.id("move"),
            **common,
            kind=kind,
            amount=str(amount),
            occurred_at=self.after(at, 2),
            payment_id=named["payment_id"] if named else None,
            fee_amount=None if fee is None else str(fee),
        )
        return amount - (fee or Decimal(0))

    def _state(self, common: dict[str, Any], state: str, stated: Decimal, at: str) -> None:
        movement_id = self.id(state)
        for amount in (stated, stated + 1) if self.chance(0.1) else (stated,):  # two contents of one state
            self.add(
                "payouts",
                movement_id=movement_id,
                **common,
                kind=state,
                amount=str(amount),
                occurred_at=at,
                arrives_at=self.after(at, 5) if self.chance(0.7) else None,
            )

    def add_voices(self) -> None:
        """Add notes of operators, carts and feedback, of known and of unknown orders."""
        random = self.random
        orders = sorted({row["order_id"] for row in self.feeds["orders"]})
        for _ in range(12):
            order_id, at = random.choice(orders), self.after("2026-04-02T12:00:00Z", 70)
            self.add(
                "actions",
                action_id=self.id("act"),
                order_id=order_id,
                kind=random.choice(NOTES),
                occurred_at=at,
                actor=random.choice(["op-1", "op-2"]),
                role="operator",
            )
            self.add(
                "feedback",
                feedback_id=self.id("voice"),
                occurred_at=self.after(at, 9),
                order_id=random.choice([order_id, None, self.id("nobody")]),
                score=random.randrange(1, 6),
                scale_max=5,
                topic=random.choice(["delivery", None]),
            )
            cart_id, sku = self.id("cart"), random.choice(self.feeds["products"])["sku"]
            for _ in range(random.choice([1, 2, 3])):
                self.add(
                    "carts",
                    cart_id=cart_id,
                    sku=sku,
                    status=random.choice(CARTS),
                    occurred_at=self.after(at, 3),
                    order_id=random.choice([order_id, None]),
                    quantity=random.choice([1, 2, None]),
                )


def add_details(feeds: Feeds, seed: int) -> None:
    """Add to the feeds of a seed what surrounds its orders."""
    details = _Details(feeds, seed)
    details.describe_parcels()
    details.add_payouts()
    details.add_voices()
