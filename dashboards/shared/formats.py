"""Formats of numbers, words, instants and ages, in the locale of the settings.

Amounts carry the ISO code of their currency, because a page can show several. No number is computed here: dbt does
that.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import NumberPattern, parse_pattern
from orderhouse.wording import DASH, label

__all__ = [
    "DASH",
    "age",
    "change",
    "compact",
    "count",
    "counted",
    "day",
    "days",
    "decimal",
    "exact",
    "hours",
    "instant",
    "label",
    "minor_digits",
    "money",
    "per_cent",
    "promise",
    "short_money",
    "use_locale",
]

Number = Decimal | float | int
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
# One server shows one home, so that its locale holds for the whole process.
_in_use: dict[str, Locale] = {"locale": Locale("en")}


def use_locale(name: str) -> None:
    """Write all numbers and days in a locale, such as `de` or `en_GB`. `settings.locale` holds a known one."""
    _in_use["locale"] = Locale.parse(name, sep="_")


def minor_digits(currency: str) -> int:
    """Return the number of decimal digits of the currency's minor unit."""
    return MINOR_DIGITS.get(currency, 2)


def decimal(number: Number | None, digits: int) -> str:
    """Write a number with a fixed number of decimal digits: ``1,234.50``."""
    if number is None or number != number:  # NaN
        return DASH
    locale = _in_use["locale"]
    signs = _signs(locale)
    # Babel takes 80 µs a number, and a table has a thousand; Python takes one.
    if signs:
        return f"{number:,.{digits}f}".translate(signs)
    return str(_pattern(locale, digits).apply(number, locale))


def money(amount: Number | None, currency: str) -> str:
    """Write an amount to the currency's minor unit: ``EUR 1,234.50``; in German ``1.234,50 EUR``."""
    return DASH if amount is None else _with_currency(decimal(amount, minor_digits(currency)), currency)


def short_money(amount: Number | None, currency: str) -> str:
    """Write an amount in at most four or five digits: ``EUR 1.23 M``; small ones in full."""
    if amount is None:
        return DASH
    return money(amount, currency) if abs(float(amount)) < 10_000 else _with_currency(compact(amount), currency)


def compact(number: Number | None) -> str:
    """Write a number shortly: ``12.3 k``, ``4.57 M``."""
    if number is None:
        return DASH
    for size, unit, letter in MAGNITUDES:
        if abs(float(number)) >= size:
            scaled = float(number) / unit
            return f"{decimal(scaled, 1 if abs(scaled) >= 100 else 2)} {letter}"
    return count(number)


def exact(number: Decimal) -> str:
    """Write a number in full, without trailing zeros."""
    written = f"{number:f}"
    digits = len(written.rstrip("0").partition(".")[2])
    return decimal(number, digits)


def count(number: Number | None) -> str:
    """Write a whole number with thousands separators."""
    return decimal(number, 0)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: ``1 unit``, ``1,234 units``."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def per_cent(rate: Number | None, digits: int = 1) -> str:
    """Write a rate of 0 to 1 as a percentage."""
    return DASH if rate is None or rate != rate else f"{decimal(float(rate) * 100, digits)} %"


def hours(number: Number | None) -> str:
    """Write a duration in hours, or in days from three days on."""
    if number is None:
        return DASH
    return f"{decimal(number, 1)} h" if abs(float(number)) < 72 else f"{decimal(float(number) / 24, 1)} days"


def days(number: Number | None) -> str:
    """Write a duration in days."""
    return DASH if number is None else f"{decimal(number, 1)} days"


def change(number: float) -> str:
    """Write a change with its sign. Streamlit takes the direction from an ASCII minus."""
    return f"{'-' if number < 0 else '+'}{decimal(abs(number), 1)}"


def day(value: date | None) -> str:
    """Write a day: ``31 Mar 2026``, with the locale's name of the month."""
    return DASH if value is None else format_date(value, "d MMM y", _in_use["locale"])


def instant(value: datetime | None, time_zone: str) -> str:
    """Write a UTC instant in the business time zone: ``31 Mar 2026, 12:00``.

    The last instant of a day is the end of a promise or an estimate that is a day. It is written as that day.
    """
    if value is None:
        return DASH
    local = _local(value, time_zone)
    if local.time() == time.max:
        return day(local.date())
    return f"{day(local.date())}, {format_time(local, 'HH:mm', locale=_in_use['locale'])}"


def promise(value: datetime | None, is_day: bool | None, time_zone: str) -> str:
    """Write a promise: the day alone if it is a day, else its instant."""
    return day(_local(value, time_zone).date()) if value and is_day else instant(value, time_zone)


def stored_instant(text: str, time_zone: str) -> str:
    """Format an instant of the operations store, which is UTC text."""
    return instant(datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None), time_zone)


def age(seconds: float) -> str:
    """Write an age in its largest unit: ``2 days ago``."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"


def _local(value: datetime, time_zone: str) -> datetime:
    """Return a UTC instant by the clocks of a time zone."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ZoneInfo(time_zone))


@cache
def _pattern(locale: Locale, digits: int) -> NumberPattern:
    """Return the locale's pattern of decimal numbers, with a fixed number of digits and its own grouping."""
    whole = locale.decimal_formats[None].pattern.partition(".")[0]
    return parse_pattern(f"{whole}.{'0' * digits}" if digits else whole)


@cache
def _signs(locale: Locale) -> dict[int, str]:
    """Return the locale's signs for Python's, if it writes Latin digits in groups of three."""
    symbols = locale.number_symbols.get("latn", {})
    is_plain = locale.default_numbering_system == "latn" and _pattern(locale, 0).grouping == (3, 3)
    return (
        str.maketrans({",": symbols["group"], ".": symbols["decimal"], "-": symbols["minusSign"]}) if is_plain else {}
    )


def _with_currency(written: str, currency: str) -> str:
    """Put the code of the currency on the side on which the locale writes currencies."""
    is_first = _in_use["locale"].currency_formats["standard"].pattern.startswith("\xa4")
    return f"{currency} {written}" if is_first else f"{written} {currency}"
