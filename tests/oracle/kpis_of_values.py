"""Values: what one thing adds to the numerator and the denominator of a KPI, with its dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.oracle.orders import Order

__all__ = ["UNKNOWN", "Value", "dimensions_of"]

UNKNOWN = {"channel": "unknown", "country": "unknown"}


@dataclass
class Value:
    """Part of a KPI on a day. A numerator is none where a rate is missing, a denominator where the KPI is a sum."""

    day: date
    kpi: str
    numerator: Decimal | int | float | None
    denominator: Decimal | int | None
    dimensions: dict[str, str]


def dimensions_of(order: Order) -> dict[str, str]:
    """Return channel, country and source of an order."""
    return {
        "channel": order.row["channel"] or "unknown",
        "country": order.row["ship_country"] or "unknown",
        "source": order.row["_source"],
    }
