"""Refunds of a chaotic world that name no return: of goods, split or not, before and after parcels and returns.

They are drawn by a generator of their own, so that everything else of a seed stays what it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

__all__ = ["add_refunds"]

Feeds = dict[str, list[dict[str, Any]]]
DIGITS = {"JPY": 0, "KWD": 3}


def add_refunds(feeds: Feeds, seed: int) -> None:
    """Add refunds, and captures that they may pay back, to orders of which a parcel left."""
    random = Random(f"refunds-{seed}")  # noqa: S311 a repeatable world, no secret
    currencies = {row["order_id"]: row["currency"] for row in feeds["orders"]}
    shipped = {row["order_id"]: row["shipped_at"] for row in feeds["shipments"] if row["order_id"] in currencies}
    for order_id, shipped_at in sorted(shipped.items()):
        if random.random() < 0.5:
            for number in range(random.choice([1, 1, 2, 3])):
                feeds["payments"].append(_refund(random, f"{order_id}-back{number}", order_id, currencies, shipped_at))
            if random.random() < 0.6:
                feeds["payments"].append(_capture(random, order_id, currencies, shipped_at))


def _money(random: Random, greatest: int, currency: str) -> Decimal:
    digits = DIGITS.get(currency, 2)
    return Decimal(random.randrange(1, greatest * 10**digits + 1)).scaleb(-digits)


def _at(random: Random, shipped_at: str) -> str:
    moved = datetime.fromisoformat(shipped_at) + timedelta(seconds=random.randrange(-9 * 86_400, 30 * 86_400))
    return moved.strftime("%Y-%m-%dT%H:%M:%SZ")


def _refund(
    random: Random, payment_id: str, order_id: str, currencies: dict[str, str], shipped_at: str
) -> dict[str, Any]:
    currency = currencies[order_id]
    goods, tax, shipping = (_money(random, greatest, currency) for greatest in (25, 4, 3))
    row = {
        "payment_id": payment_id,
        "order_id": order_id,
        "kind": "refunded",
        "amount": str(goods + tax + shipping),
        "currency": currency,
        "occurred_at": _at(random, shipped_at),
        "provider": "stripe",
    }
    if random.random() < 0.8:
        row |= {"goods_amount": str(goods), "tax_amount": str(tax)}
        row |= {"shipping_amount": str(shipping)} if random.random() < 0.5 else {}
    return row


def _capture(random: Random, order_id: str, currencies: dict[str, str], shipped_at: str) -> dict[str, Any]:
    currency = currencies[order_id]
    return {
        "payment_id": f"{order_id}-paid",
        "order_id": order_id,
        "kind": "captured",
        "amount": str(_money(random, 150, currency)),
        "currency": currency,
        "occurred_at": _at(random, shipped_at),
        "provider": "stripe",
    }
