"""Exchange rates: the latest rate on or before a day, at most seven days old; cross rates by way of a base.

A rate that is computed has twelve decimals, as the warehouse publishes it.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.rows import World

__all__ = ["MAXIMUM_AGE", "Rates"]

MAXIMUM_AGE = timedelta(days=7)
DECIMALS = Decimal("0.000000000001")


class Rates:
    """Rates of all days, from any currency into any other."""

    def __init__(self, world: World) -> None:
        self.quoted: dict[tuple[str, str], dict[date, Decimal]] = {}
        for row in world.events("fx_rates"):
            self.quoted.setdefault((row["base"], row["quote"]), {})[row["rate_date"]] = row["rate"]
        self.bases = sorted({base for base, _ in self.quoted})
        self.memory: dict[tuple[str, str, date], Decimal | None] = {}

    def rate(self, source: str, target: str, day: date) -> Decimal | None:
        """Return how many units of `target` one unit of `source` is worth on a day; none where no rate is known."""
        if source == target:
            return Decimal(1)
        key = (source, target, day)
        if key not in self.memory:
            rate = self._found(source, target, day)
            self.memory[key] = None if rate is None else rate.quantize(DECIMALS, rounding=ROUND_HALF_UP)
        return self.memory[key]

    def _found(self, source: str, target: str, day: date) -> Decimal | None:
        direct = self._latest(source, target, day)
        if direct is not None:
            return direct
        inverse = self._latest(target, source, day)
        if inverse is not None:
            return 1 / inverse
        for base in self.bases:
            one, other = self._latest(base, source, day), self._latest(base, target, day)
            if one is not None and other is not None:
                return other / one
        return None

    def _latest(self, base: str, quote: str, day: date) -> Decimal | None:
        rates = self.quoted.get((base, quote), {})
        for age in range(MAXIMUM_AGE.days + 1):
            if day - timedelta(days=age) in rates:
                return rates[day - timedelta(days=age)]
        return None
