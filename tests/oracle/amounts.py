"""Amounts: minor units, rounding half-even, and the parts of a line's total.

Exchange rates belong in `rates`.
"""

from __future__ import annotations

import csv
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, getcontext
from functools import cache
from pathlib import Path

__all__ = ["ZERO", "minor_unit", "part", "rounded", "rounded_half_up", "value_of_units"]

getcontext().prec = 60

ZERO = Decimal(0)
CURRENCIES = Path(__file__).parents[2] / "dbt_project" / "seeds" / "currencies.csv"


@cache
def _digits() -> dict[str, int]:
    with CURRENCIES.open(newline="") as file:
        return {row["currency"]: int(row["minor_digits"]) for row in csv.DictReader(file)}


@cache
def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency."""
    return Decimal(1).scaleb(-_digits().get(currency, 2))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount as a whole number of minor units, rounded half-even."""
    unit = minor_unit(currency)
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * unit


def rounded_half_up(amount: Decimal, currency: str) -> Decimal:
    """Return an amount as a whole number of minor units, rounded half away from zero."""
    unit = minor_unit(currency)
    return (amount / unit).quantize(Decimal(1), rounding=ROUND_HALF_UP) * unit


def value_of_units(total: Decimal, units: int, quantity: int, currency: str) -> Decimal:
    """Return R(units): the value of the first units of a line whose whole quantity is worth `total`."""
    if not quantity:
        return ZERO
    return rounded(total * units / quantity, currency)


def part(total: Decimal, start: int, end: int, quantity: int, currency: str) -> Decimal:
    """Return the value of the units from `start` up to `end`: R(end) − R(start)."""
    return value_of_units(total, end, quantity, currency) - value_of_units(total, start, quantity, currency)
