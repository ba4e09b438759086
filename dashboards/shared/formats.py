"""Formats of numbers, words, instants and ages.

No number is computed here: dbt does that.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

__all__ = [
    "DASH",
    "age",
    "compact",
    "count",
    "day",
    "exact",
    "hours",
    "instant",
    "label",
    "minor_digits",
    "money",
    "per_cent",
    "short_money",
]

Number = Decimal | float | int
DASH = "–"
# ISO 4217 minor units that are not two, as in the seed `currencies`.
MINOR_DIGITS = {
    currency: digits
    for digits, currencies in (
        (
            0,
            "ADP BEF BIF BYR CLP DJF ECS ESP GNF ISK ITL JPY KMF KRW "
            "LUF MGF PTE PYG ROL RWF TRL UGX UYI VND VUV XAF XOF XPF",
        ),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX"),
    )
    for currency in currencies.split()
}
# Smallest size, unit and letter of shortened numbers.
MAGNITUDES = ((1_000_000_000, 1_000_000_000, "B"), (1_000_000, 1_000_000, "M"), (10_000, 1_000, "k"))
WORDS = {
    "ui": "UI",
    "sku": "SKU",
    "rfm": "RFM",
    "csv": "CSV",
    "xlsx": "XLSX",
    "b2b": "B2B",
    "dbt_test": "dbt test",
    "abc": "ABC",
    "xyz": "XYZ",
}


def label(word: object) -> str:
    """Write a stored word for readers: ``part_shipped`` becomes "Part shipped", None a dash."""
    if word is None or word == "":
        return DASH
    text = str(word)
    return WORDS.get(text, text.replace("_", " ")[:1].upper() + text.replace("_", " ")[1:])


def minor_digits(currency: str) -> int:
    """Return the number of decimal digits of the currency's minor unit."""
    return MINOR_DIGITS.get(currency, 2)


def money(amount: Number | None, currency: str) -> str:
    """Write an amount to the currency's minor unit: ``EUR 1,234.50``."""
    if amount is None:
        return DASH
    return f"{currency} {amount:,.{minor_digits(currency)}f}"


def short_money(amount: Number | None, currency: str) -> str:
    """Write an amount in at most four or five digits: ``EUR 1.23 M``; small ones in full."""
    if amount is None:
        return DASH
    return money(amount, currency) if abs(float(amount)) < 10_000 else f"{currency} {compact(amount)}"


def compact(number: Number | None) -> str:
    """Write a number shortly: ``12.3 k``, ``4.57 M``."""
    if number is None:
        return DASH
    for size, unit, letter in MAGNITUDES:
        if abs(float(number)) >= size:
            scaled = float(number) / unit
            return f"{scaled:,.{1 if abs(scaled) >= 100 else 2}f} {letter}"
    return count(number)


def exact(number: Decimal) -> str:
    """Write a number in full, without trailing zeros."""
    written = f"{number:,f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def count(number: Number | None) -> str:
    """Write a whole number with thousands separators."""
    return DASH if number is None else f"{number:,.0f}"


def per_cent(rate: Number | None, digits: int = 1) -> str:
    """Write a rate of 0 to 1 as a percentage."""
    return DASH if rate is None else f"{float(rate) * 100:,.{digits}f} %"


def hours(number: Number | None) -> str:
    """Write a duration in hours, or in days from three days on."""
    if number is None:
        return DASH
    return f"{float(number):,.1f} h" if abs(float(number)) < 72 else f"{float(number) / 24:,.1f} days"


def day(value: date | None) -> str:
    """Write a day: ``31 Mar 2026``."""
    return DASH if value is None else f"{value.day} {value:%b %Y}"


def instant(value: datetime | None, time_zone: str) -> str:
    """Write a UTC instant in the business time zone: ``31 Mar 2026, 12:00``."""
    if value is None:
        return DASH
    local = (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(time_zone))
    return f"{day(local)}, {local:%H:%M}"


def age(seconds: float) -> str:
    """Write an age in its largest unit: ``2 days ago``."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"
