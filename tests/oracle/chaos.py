"""Chaotic worlds: feed rows in which anything may happen in any order, the same for every run of a seed.

No record breaks a rule of its contract, but together they make no sense: refunds without captures, returns of goods
that were never sent, parcels that are lost after delivery, disputes that are won without being opened. Sensible worlds
come from `orderhouse simulate`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.oracle.chaotic_corrections import add_corrections
from tests.oracle.chaotic_details import add_details
from tests.oracle.chaotic_refunds import add_refunds

__all__ = ["AS_OF", "chaotic_world", "write_chaos"]

START = datetime(2026, 4, 1, 6, tzinfo=UTC)
AS_OF = "2026-06-30T12:00:00Z"
DAYS = 84
CURRENCIES = ("EUR", "EUR", "EUR", "USD", "JPY", "KWD", "GBP", "BRL")  # no rate is known of BRL
DIGITS = {"JPY": 0, "KWD": 3}
CHANNELS = ("web", "app", "b2b", None)
COUNTRIES = ("DE", "US", "JP", None)
WAREHOUSES = ("W1", "W2", None)
SCANS = (
    "label_created accepted in_transit delayed out_for_delivery attempt_failed ready_for_pickup delivered delivered"
    " exception lost returning returned cancelled"
)
PAYMENTS = "authorized captured captured captured voided failed refunded refunded disputed dispute_won dispute_lost"
RETURNS = "requested approved declined received received restocked scrapped cancelled"
ACTIONS = "confirm hold hold release note cancel_line"
SENT_BACK = "confirm hold release cancel_line"
Feeds = dict[str, list[dict[str, Any]]]


class _World:
    """The rows of one seed. Every draw comes from one generator, in a fixed order."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"chaos-{seed}")  # noqa: S311 a repeatable world, no secret
        self.seed = seed
        self.feeds: Feeds = defaultdict(list)
        self.numbers = 0
        self.skus = [f"k{seed}-sku-{number}" for number in range(7)]

    def id(self, prefix: str) -> str:
        self.numbers += 1
        return f"k{self.seed}-{prefix}{self.numbers}"

    def at(self, earliest: int = 0, latest: int = DAYS) -> str:
        seconds = self.random.randrange(earliest * 86_400, latest * 86_400)
        return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def after(self, instant: str, days: int, at_least: int = -86_400) -> str:
        """Return an instant some days after another, or up to one day before it."""
        start = datetime.fromisoformat(instant)
        moved = start + timedelta(seconds=self.random.randrange(at_least, days * 86_400))
        return moved.strftime("%Y-%m-%dT%H:%M:%SZ")

    def money(self, greatest: int, currency: str, *, fine: bool = False) -> str:
        digits = 4 if fine else DIGITS.get(currency, 2)
        return str(Decimal(self.random.randrange(0, greatest * 10**digits)).scaleb(-digits))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def add(self, feed: str, **row: Any) -> None:
        self.feeds[feed].append({name: value for name, value in row.items() if value is not None})

    def add_catalogue(self) -> None:
        random = self.random
        for number, sku in enumerate(self.skus):
            kind = "service" if number == 6 else random.choice(["goods", None])
            for _ in range(random.choice([1, 1, 2])):
                self.add(
                    "products",
                    sku=sku,
                    updated_at=self.at(),
                    category=random.choice(["shoes", "hats", None]),
                    kind=kind,
                    unit_cost=self.money(9, "EUR", fine=self.chance(0.3)) if self.chance(0.8) else None,
                    currency=random.choice(["EUR", "USD"]),
                    lead_time_days=random.choice([3, 10, None]),
                )
            for _ in range(random.randrange(6)):
                self.add_stock(sku)
            if self.chance(0.3):
                self.add(
                    "inbound",
                    po_id=self.id("po"),
                    sku=sku,
                    warehouse_id=random.choice(["W1", "W2"]),
                    quantity=random.randrange(20),
                    expected_at=self.at(70, 110),
                    updated_at=self.at(),
                )

    def add_stock(self, sku: str) -> None:
        kind = self.random.choice(["receipt", "receipt", "count", "adjustment", "transfer_in", "transfer_out"])
        units = self.random.randrange(1, 12)
        sign = -1 if kind == "adjustment" and self.chance(0.5) else 1
        self.add(
            "stock",
            movement_id=self.id("m"),
            sku=sku,
            warehouse_id=self.random.choice(["W1", "W2"]),
            kind=kind,
            quantity=units * sign,
            occurred_at=self.at(),
            unit_cost=self.money(9, "EUR") if kind == "receipt" and self.chance(0.7) else None,
            currency="EUR",
            reference=self.id("t") if kind.startswith("transfer") else None,
        )

    def add_customers(self) -> None:
        for number in range(8):
            self.add(
                "customers",
                customer_id=f"k{self.seed}-c{number}",
                updated_at=self.at(),
                created_at=self.at(),
                country=self.random.choice(COUNTRIES),
                marketing_consent=self.chance(0.5),
                customer_group=("Trade", "club", None)[(self.seed + number) % 3],
            )

    def add_prices(self) -> None:
        """Add prices of a generator of their own, so that they change nothing else of the world."""
        random = Random(f"prices {self.seed}")  # noqa: S311 a repeatable world, no secret
        for number in range(24):
            begin = random.randrange(90)
            day, end = ((START + timedelta(days=each)).date().isoformat() for each in (begin, begin + 40))
            whom = random.choice(["customer", "group", "both", "all", "all"])
            is_windowed = random.random() < 0.4
            self.add(
                "price_lists",
                price_list_id=f"k{self.seed}-p{number % 9}",
                sku=random.choice(self.skus),
                currency=random.choice(CURRENCIES),
                valid_from=random.choice(["2020-01-01", day]),
                valid_until=random.choice([end, None]),
                updated_at=f"2026-01-{1 + number // 2:02}T00:00:00Z",
                unit_price=str(Decimal(random.randrange(400000)).scaleb(-random.choice([2, 4]))),
                customer_id=f"k{self.seed}-c{random.randrange(8)}" if whom in ("customer", "both") else None,
                customer_group=random.choice(["trade", "Club"]) if whom in ("group", "both") else None,
                min_quantity=random.choice([None, 0, 2, 4]),
                price_includes_tax=random.choice([True, False, None]),
                delivery_weekdays=random.choice(["mon, TUESDAY,4", "1 2 3 4 5", None]) if is_windowed else None,
                delivery_from=random.choice(["6:30", None]) if is_windowed else None,
                delivery_until=random.choice(["18:00", "12:15:30"]) if is_windowed else None,
            )

    def add_order(self) -> None:
        random = self.random
        order_id, placed_at = self.id("o"), self.at()
        currency = random.choice(CURRENCIES)
        fixed: dict[str, Any] = {
            "order_id": order_id,
            "currency": currency,
            "channel": random.choice(CHANNELS),
            "order_type": random.choice(["sale", "sale", "sale", None, "replacement", "sample", "odd"]),
            "customer_id": f"k{self.seed}-c{random.randrange(8)}" if self.chance(0.7) else None,
            "email": f"g{random.randrange(4)}@k{self.seed}.example" if self.chance(0.4) else None,
            "ship_country": random.choice(COUNTRIES),
            "shipping_amount": self.money(9, currency) if self.chance(0.5) else None,
            "prices_include_tax": self.chance(0.4),
            "payment_terms": random.choice(["prepaid", None, "on_delivery", "invoice", "barter"]),
            "is_test": self.chance(0.04),
            "promise_is_date_only": self.chance(0.5),
        }
        if fixed["shipping_amount"] and self.chance(0.6):
            fixed["shipping_tax_amount"] = str(Decimal(fixed["shipping_amount"]) / 8)[:4]
        self.add_versions(fixed, placed_at)
        lines = [self.add_line(order_id, str(number), currency, placed_at) for number in range(random.randrange(4))]
        self.add_money(order_id, currency, placed_at)
        self.add_parcels(order_id, lines, placed_at)
        self.add_returns(order_id, lines, placed_at)
        for _ in range(random.choice([0, 0, 0, 1, 2])):
            kind = random.choice(ACTIONS.split())
            line = random.choice(lines) if lines and kind == "cancel_line" else None
            if kind != "cancel_line" or line:
                self.add(
                    "actions",
                    action_id=self.id("a"),
                    order_id=order_id,
                    kind=kind,
                    occurred_at=self.after(placed_at, 20, at_least=60),
                    actor="op-1",
                    role="operator",
                    line_id=line[0] if line else None,
                    quantity=1 if line else None,
                )

    def add_versions(self, fixed: dict[str, Any], placed_at: str) -> None:
        for version in range(self.random.choice([1, 1, 1, 2, 3])):
            is_cancelled = self.chance(0.1)
            promised_at = self.after(placed_at, 12) if self.chance(0.7) else None
            updated_at = placed_at if version == 0 else self.after(placed_at, 20)
            self.add(
                "orders",
                **fixed,
                placed_at=placed_at if self.chance(0.9) else self.after(placed_at, 2),
                updated_at=updated_at,
                promised_at=promised_at,
                invoice_due_at=self.after(placed_at, 40) if self.chance(0.3) else None,
                is_cancelled=is_cancelled,
                is_held_back=(None, True, False)[(self.numbers + version) % 3],
                cancelled_at=self.after(placed_at, 20) if is_cancelled and self.chance(0.6) else None,
            )

    def add_line(self, order_id: str, line_id: str, currency: str, placed_at: str) -> tuple[str, str, int]:
        random = self.random
        sku, quantity = random.choice(self.skus), random.choice([0, 1, 1, 2, 3, 3, 7])
        price = self.money(40, currency, fine=self.chance(0.4))
        worth = Decimal(price) * quantity
        discount = (worth * random.choice([0, 0, 10, 15, 33, 100]) / 100).quantize(Decimal("0.0001"))
        row = {
            "order_id": order_id,
            "line_id": line_id,
            "sku": sku,
            "quantity": quantity,
            "unit_price": price,
            "discount_amount": str(discount) if discount else None,
            "tax_amount": str(((worth - discount) * 19 / 100).quantize(Decimal("0.0001")))
            if self.chance(0.8)
            else None,
            "warehouse_id": random.choice(WAREHOUSES),
            "is_gift_card": self.chance(0.06),
            "requires_shipping": False if self.chance(0.08) else None,
        }
        for version in range(random.choice([1, 1, 2])):
            cancelled = random.randrange(quantity + 1) if self.chance(0.25) else None
            updated_at = placed_at if version == 0 else self.after(placed_at, 15)
            promise: dict[str, Any] = {}
            if self.chance(0.15):
                promise = {"promised_at": self.after(placed_at, 12), "promise_is_date_only": self.chance(0.5)}
            self.add("order_lines", **row, **promise, updated_at=updated_at, cancelled_quantity=cancelled)
        return line_id, sku, quantity

    def add_money(self, order_id: str, currency: str, placed_at: str) -> None:
        random = self.random
        earlier: list[str] = []
        for _ in range(random.choice([0, 1, 1, 1, 2, 3, 4])):
            kind = random.choice(PAYMENTS.split())
            paid_in = currency if self.chance(0.85) else random.choice(CURRENCIES)
            payment_id = self.id("p")
            is_split = kind == "refunded" and self.chance(0.4)
            self.add(
                "payments",
                payment_id=payment_id,
                order_id=order_id,
                kind=kind,
                amount=self.money(90, paid_in),
                currency=paid_in,
                occurred_at=self.after(placed_at, 30),
                method=random.choice(["card", None]),
                provider=random.choice(["stripe", "adyen"]),
                fee_amount=self.money(2, paid_in) if self.chance(0.4) else None,
                payout_id=f"k{self.seed}-po{random.randrange(5)}" if self.chance(0.4) else None,
                parent_payment_id=random.choice(earlier) if earlier and self.chance(0.5) else None,
                goods_amount=self.money(20, paid_in) if is_split else None,
                tax_amount=self.money(3, paid_in) if is_split else None,
                shipping_amount=self.money(3, paid_in) if is_split else None,
            )
            earlier.append(payment_id)

    def add_parcels(self, order_id: str, lines: list[tuple[str, str, int]], placed_at: str) -> None:
        random = self.random
        for _ in range(random.choice([0, 1, 1, 2])):
            shipment_id, shipped_at = self.id("s"), self.after(placed_at, 10)
            warehouse_id, number = random.choice(WAREHOUSES), self.id("n")
            for line_id, sku, quantity in lines:
                if self.chance(0.7):
                    self.add(
                        "shipments",
                        shipment_id=shipment_id,
                        order_id=order_id,
                        line_id=line_id,
                        quantity=random.randrange(1, quantity + 2),
                        shipped_at=shipped_at,
                        sku=random.choice([sku, sku, None]),
                        warehouse_id=warehouse_id,
                        carrier="dhl",
                        tracking_number=number,
                    )
            for _ in range(random.choice([0, 1, 2, 3, 4])):
                by_number = {"carrier": "DHL", "tracking_number": number}
                self.add(
                    "tracking",
                    **(by_number if self.chance(0.3) else {"shipment_id": shipment_id}),
                    status=random.choice(SCANS.split()),
                    occurred_at=self.after(shipped_at, 14),
                )

    def add_returns(self, order_id: str, lines: list[tuple[str, str, int]], placed_at: str) -> None:
        random = self.random
        for line_id, sku, _ in lines:
            if not self.chance(0.3):
                continue
            return_id, warehouse_id = self.id("r"), random.choice(WAREHOUSES)
            for _ in range(random.choice([1, 1, 2, 3])):
                self.add(
                    "returns",
                    return_id=return_id,
                    line_id=line_id,
                    order_id=order_id,
                    status=random.choice(RETURNS.split()),
                    occurred_at=self.after(placed_at, 40),
                    quantity=random.choice([1, 1, 2]),
                    sku=random.choice([sku, None]),
                    warehouse_id=random.choice([warehouse_id, None]),
                )
            if self.chance(0.3):
                self.add(
                    "payments",
                    payment_id=self.id("p"),
                    order_id=order_id,
                    kind="refunded",
                    amount=self.money(30, "EUR"),
                    currency="EUR",
                    occurred_at=self.after(placed_at, 40),
                    provider="stripe",
                    return_id=return_id,
                )

    def add_strays(self) -> None:
        random = self.random
        for _ in range(3):
            nobody = self.id("nobody")
            self.add(
                "payments",
                payment_id=self.id("p"),
                order_id=nobody,
                kind=random.choice(["captured", "refunded"]),
                amount=self.money(50, "EUR"),
                currency="EUR",
                occurred_at=self.at(),
                provider="stripe",
            )
            self.add(
                "returns",
                return_id=self.id("cn"),
                line_id="1",
                status="received",
                occurred_at=self.at(),
                quantity=random.randrange(1, 4),
                sku=random.choice(self.skus),
                channel="web",
                country="DE",
                credit_amount=self.money(30, "EUR"),
                currency=random.choice(["EUR", "USD"]),
            )
        self.add(
            "shipments",
            shipment_id=self.id("s"),
            order_id=self.id("nobody"),
            line_id="1",
            quantity=2,
            shipped_at=self.at(),
            sku=random.choice(self.skus),
            warehouse_id="W1",
        )


def chaotic_world(seed: int, orders: int = 40) -> Feeds:
    """Return the feed rows of a seed."""
    world = _World(seed)
    world.add_catalogue()
    world.add_customers()
    world.add_prices()
    for _ in range(orders):
        world.add_order()
    world.add_strays()
    add_details(world.feeds, seed)
    add_corrections(world.feeds, seed)
    add_refunds(world.feeds, seed)
    for rows in world.feeds.values():
        world.random.shuffle(rows)  # versions and events arrive out of order
    return world.feeds


def _rates() -> list[dict[str, Any]]:
    """Return rates of most days; of USD none for eleven days, which is more than a rate lasts."""
    random = Random("rates")  # noqa: S311 a repeatable world, no secret
    rows = []
    for quote, worth in (("USD", 1.1), ("JPY", 160.0), ("KWD", 0.34), ("GBP", 0.85)):
        for number in range(-2, 130):
            day = (START + timedelta(days=number)).date().isoformat()
            if not (quote == "USD" and 20 <= number < 32) and random.random() < 0.8:
                rate = f"{worth * random.uniform(0.95, 1.05):.6f}"
                rows.append({"rate_date": day, "base": "EUR", "quote": quote, "rate": rate})
    return rows


def write_chaos(folder: Path, seeds: range) -> Path:
    """Write the worlds of several seeds for one home, and return their sources file.

    The last fifth of the seeds come from a source that covers orders, lines and returns only.
    """
    narrow = seeds[-(len(seeds) // 5) :] if len(seeds) >= 5 else range(0)
    worlds: dict[str, Feeds] = {"chaos": defaultdict(list), "narrow": defaultdict(list)}
    for seed in seeds:
        for feed, rows in chaotic_world(seed).items():
            worlds["narrow" if seed in narrow else "chaos"][feed] += rows
    worlds["chaos"]["fx_rates"] = _rates()
    covers = (
        "orders order_lines payments payouts shipments tracking returns stock inbound products customers carts feedback"
        " actions fx_rates price_lists"
    )
    declared: dict[str, Any] = {}
    for name, feeds in worlds.items():
        if name == "narrow":
            feeds = {feed: rows for feed, rows in feeds.items() if feed in ("orders", "order_lines", "returns")}
        for feed, rows in feeds.items():
            path = folder / name / f"{feed}.ndjson"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        if feeds:
            covered = ["orders", "order_lines", "returns"] if name == "narrow" else covers.split()
            declared[name] = {"format": "canonical", "path": f"{name}/*.ndjson", "covers": covered}
            declared[name]["actions_to"] = {"channel": "shop", "since": "2026-04-20", "kinds": SENT_BACK.split()}
    # The source of the actions that operators take on this machine has this name.
    actions = folder / "operators" / "actions.ndjson"
    actions.parent.mkdir()
    (folder / "chaos" / "actions.ndjson").rename(actions)
    declared["operators"] = {"format": "canonical", "path": "operators/*.ndjson", "covers": ["actions"]}
    sources = folder / "sources.yaml"
    merchant = {"business_time_zone": "Europe/Berlin", "reporting_currency": "EUR"}
    sources.write_text(json.dumps({"merchant": merchant, "sources": declared}))  # JSON is YAML
    return sources
