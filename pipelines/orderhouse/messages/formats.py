"""Numbers, money, days and plural forms in texts, in the locale of the customer and the business time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

from orderhouse.messages.sellers import tax_name

__all__ = ["filters_of", "plural_of"]


def filters_of(locale: str, zone: str) -> dict[str, Callable[..., str]]:
    """Return the filters `money`, `number`, `day`, `weekday`, `moment` and `tax_name` of a locale and a time zone."""
    return {
        "money": lambda amount, currency: _money(str(amount), currency, locale),
        "number": lambda value: _number(str(value), locale),
        "day": lambda instant: _day(instant, locale, zone, "long"),
        "weekday": lambda instant: _day(instant, locale, zone, "full"),
        "short_day": lambda instant: _day(instant, locale, zone, "medium"),
        "moment": lambda instant: _moment(instant, locale, zone),
        "tax_name": lambda country: tax_name(country, locale),
    }


def plural_of(locale: str) -> Callable[..., str]:
    """Return a function that chooses the form of a sentence by the plural rules of a language.

    It is used as `plural(count, one="{n} parcel", other="{n} parcels")`; a form that is not given is `other`.
    """
    found = Locale.parse(locale)

    def plural(count: int, **forms: str) -> str:
        form = forms.get(str(found.plural_form(count)), forms["other"])
        return form.replace("{n}", _number(str(count), locale))

    return plural


@lru_cache(maxsize=16_384)
def _money(amount: str, currency: str, locale: str) -> str:
    return str(format_currency(Decimal(amount), currency, locale=locale))


@lru_cache(maxsize=4096)
def _number(value: str, locale: str) -> str:
    return str(format_decimal(Decimal(value), locale=locale))


@lru_cache(maxsize=65_536)
def _day(instant: str, locale: str, zone: str, form: Any) -> str:
    return str(format_date(_at(instant, zone), form, locale=locale))


@lru_cache(maxsize=65_536)
def _moment(instant: str, locale: str, zone: str) -> str:
    at = _at(instant, zone)
    return f"{format_date(at, 'long', locale=locale)}, {format_time(at, 'short', locale=locale)}"


def _at(instant: str, zone: str) -> datetime:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
