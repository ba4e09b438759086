"""Languages and time zones of customers, from what the orders say about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.core import get_global

__all__ = ["fallbacks", "locale_of", "zones_of"]

# Languages of countries whose customers' own language is not known.
OF_COUNTRY = {
    **dict.fromkeys(("DE", "AT", "CH", "LI"), "de"),
    **dict.fromkeys(("PT", "BR", "AO", "MZ"), "pt"),
    "IN": "hi",
    **dict.fromkeys(("GB", "IE", "US", "CA", "AU", "NZ", "ZA"), "en"),
}  # fmt: skip


@cache
def locale_of(language: str | None, country: str | None, default: str) -> str:
    """Return the locale of a customer, such as `de_AT`: the own language, else that of the country, else the default.

    The country decides on formats only where it goes with the language.
    """
    wanted = (language or OF_COUNTRY.get(country or "") or default).replace("-", "_")
    code = wanted.split("_")[0].lower()
    for name in (*([f"{code}_{country}"] if country else []), wanted, code, default):
        try:
            return str(Locale.parse(name))
        except (UnknownLocaleError, ValueError):
            continue
    return "en"


@cache
def fallbacks(locale: str, default: str = "en") -> tuple[str, ...]:
    """Return the languages in which a text is looked for: de_AT, then de, then the default, then English."""
    code = locale.split("_")[0]
    return tuple(dict.fromkeys((locale, code, default.replace("-", "_"), default.split("_")[0].split("-")[0], "en")))


@cache
def zones_of(country: str | None, business_zone: str) -> tuple[str, ...]:
    """Return the time zones of a country that differ in their hours; the business zone for an unknown country."""
    found: dict[tuple[object, ...], str] = {}
    for name in _zones_by_country().get(country or "", ()):
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
        found.setdefault(_hours_of(zone), name)
    return tuple(sorted(found.values())) or (business_zone,)


@cache
def _zones_by_country() -> dict[str, Sequence[str]]:
    zones: dict[str, list[str]] = defaultdict(list)
    for zone, country in get_global("zone_territories").items():
        zones[country].append(zone)
    return {country: sorted(names) for country, names in zones.items()}


def _hours_of(zone: ZoneInfo) -> tuple[object, ...]:
    """Return the offsets of a zone in winter and in summer."""
    return tuple(zone.utcoffset(datetime(2026, month, 15, 12)) for month in (1, 4, 7, 10))
