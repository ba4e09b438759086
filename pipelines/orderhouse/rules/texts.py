"""Values of fields as texts of notices show them: amounts with two decimals, instants in the business zone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

__all__ = ["shown"]

CENT = Decimal("0.01")


def shown(value: object, zone: str) -> str:
    """Return a value as text.

    Args:
        value: Value of a field; instants are UTC without zone.
        zone: The business time zone.
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        local = value.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        return f"{local:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # Amounts finer than a cent keep their digits.
        cents = value.quantize(CENT, ROUND_HALF_EVEN)
        return f"{cents if cents == value else value.normalize():f}"
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1_000 else f"{value:.0f}"
    return str(value)
