"""Corrections of a chaotic world: later versions of lines and orders that change what had been sold and returned.

They are drawn by a generator of their own, so that everything else of a seed stays what it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

__all__ = ["add_corrections"]

Feeds = dict[str, list[dict[str, Any]]]
Row = dict[str, Any]
CURRENCIES = ("EUR", "USD", "GBP")


class _Corrections:
    """The versions that are added to the feeds of one seed."""

    def __init__(self, feeds: Feeds, seed: int) -> None:
        self.feeds = feeds
        self.random = Random(f"corrections-{seed}")  # noqa: S311 a repeatable world, no secret

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def later(self, row: Row) -> Row:
        """Return a copy of a version, up to 25 days after it."""
        at = datetime.fromisoformat(row["updated_at"]) + timedelta(seconds=self.random.randrange(1, 25 * 86_400))
        return row | {"updated_at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def latest(self, feed: str, *key: str) -> list[Row]:
        """Return the latest version of every record of a feed."""
        found: dict[tuple[str, ...], Row] = {}
        for row in self.feeds[feed]:
            name = tuple(row[part] for part in key)
            if name not in found or found[name]["updated_at"] < row["updated_at"]:
                found[name] = row
        return list(found.values())

    def correct_lines(self, skus: list[str]) -> None:
        """Change the price, units, discount, tax or SKU of lines, gift cards more often than others."""
        for row in self.latest("order_lines", "order_id", "line_id"):
            for _ in range(self.random.choice([1, 1, 2])):
                if self.chance(0.8 if row.get("is_gift_card") else 0.3):
                    row = self.later(row) | self._change(row, skus)
                    self.feeds["order_lines"].append(row)

    def _change(self, row: Row, skus: list[str]) -> Row:
        cent = Decimal("0.01")
        what = self.random.choice(["price", "price", "units", "discount", "tax", "sku", "cancelled"])
        if what == "units":
            return {"quantity": int(row["quantity"]) + self.random.choice([1, 1, 2])}
        if what == "sku":
            return {"sku": self.random.choice(skus)}
        if what == "cancelled":
            return {"cancelled_quantity": self.random.randrange(int(row["quantity"]) + 1)}
        if what == "tax":
            return {"tax_amount": str(Decimal(self.random.randrange(900)) * cent)}
        dearer = Decimal(row["unit_price"]) + Decimal(self.random.randrange(1, 700)) * cent
        if what == "price":
            return {"unit_price": str(dearer)}
        worth = Decimal(row["unit_price"]) * int(row["quantity"])
        return {"discount_amount": str((worth * self.random.randrange(80) / 100).quantize(cent))}

    def correct_orders(self) -> None:
        """Change the currency, the shipping, the tax in prices or the cancellation of orders."""
        for row in self.latest("orders", "order_id"):
            if self.chance(0.12):
                self.feeds["orders"].append(
                    self.later(row)
                    | self.random.choice(
                        [
                            {"currency": self.random.choice(CURRENCIES)},
                            {"shipping_amount": str(Decimal(self.random.randrange(900)).scaleb(-2))},
                            {"prices_include_tax": not row["prices_include_tax"]},
                            {"is_cancelled": not row["is_cancelled"]},
                        ]
                    )
                )


def add_corrections(feeds: Feeds, seed: int) -> None:
    """Add later versions of lines and orders to the feeds of a seed."""
    corrections = _Corrections(feeds, seed)
    corrections.correct_lines(sorted({row["sku"] for row in feeds["products"]}))
    corrections.correct_orders()
