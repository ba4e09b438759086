"""Languages of the portal: which one a page has, its sentences with plural forms, and numbers and instants for people.

The sentences are in `languages/`, one file per language. Plural forms and formats come from the Unicode data in Babel.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal

__all__ = ["LANGUAGES", "Language", "choose_language", "language_of"]

LANGUAGES = ("en", "de", "pt", "hi")
OF_COUNTRY = {
    **dict.fromkeys(("DE", "AT", "CH", "LI"), "de"),
    **dict.fromkeys(("PT", "BR", "AO", "MZ"), "pt"),
    "IN": "hi",
    **dict.fromkeys(("GB", "IE", "US", "CA", "AU", "NZ", "ZA"), "en"),
}  # fmt: skip
# Characters of `Accept-Language` that are read.
LONGEST_HEADER = 200


class Language:
    """One language with the formats of a country.

    Attributes:
        code: The language.
        locale: Language and country, as Babel knows them.
        words: The sentences.
    """

    def __init__(self, code: str, locale: Locale) -> None:
        self.code = code
        self.locale = locale
        self.words = _words(code)

    def say(self, word: str, **values: Any) -> str:
        """Return a sentence with its values. One with plural forms takes the form of `count`."""
        sentence = self.words[word]
        if isinstance(sentence, Mapping):
            form = self.locale.plural_form(values["count"])
            sentence = sentence.get(form, sentence["other"])
        numbers = {name: self.number(value) if isinstance(value, int) else value for name, value in values.items()}
        return str(sentence.format(**numbers))

    def word(self, group: str, word: str) -> str:
        """Return a word of a group, such as a stage; one that no file has, as it is."""
        return str(self.words[group].get(word, word))

    def number(self, value: int) -> str:
        """Return a number."""
        return _number(value, self.locale)

    def money(self, amount: str, currency: str) -> str:
        """Return an amount with its currency."""
        return str(format_currency(Decimal(amount), currency, locale=self.locale))

    def day(self, instant: str, zone: str) -> str:
        """Return the day of an instant in a time zone."""
        return _day(instant, zone, self.locale)

    def moment(self, instant: str, zone: str) -> str:
        """Return day and time of an instant in a time zone."""
        return _moment(instant, zone, self.locale)

    def short(self, instant: str, zone: str) -> str:
        """Return day and time of an instant in a time zone, in few characters."""
        return _short(instant, zone, self.locale)


@cache
def _words(code: str) -> Mapping[str, Any]:
    path = Path(__file__).with_name("languages") / f"{code}.yaml"
    found: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@cache
def _locale_language(code: str, country: str | None) -> Language:
    try:
        return Language(code, Locale(code, country))
    except UnknownLocaleError:
        return Language(code, Locale(code))


def language_of(code: str, country: str | None = None) -> Language:
    """Return a language with the formats of a country, if people there speak it."""
    return _locale_language(code, country if OF_COUNTRY.get(country or "") == code else None)


def choose_language(asked: str | None, country: str | None, accepted: str | None) -> str:
    """Return the language of a page: the one asked for, else that of the country, else of the browser, else English."""
    if asked in LANGUAGES:
        return str(asked)
    return OF_COUNTRY.get(country or "") or _of_browser(accepted or "") or "en"


def _of_browser(accepted: str) -> str | None:
    """Return the most wanted of our languages in an `Accept-Language` header."""
    wanted: list[tuple[float, str]] = []
    for part in accepted[:LONGEST_HEADER].split(","):
        name, _, weight = part.partition(";q=")
        code = name.strip().lower().split("-")[0]
        try:
            rank = float(weight or 1)
        except ValueError:
            continue
        if code in LANGUAGES and rank > 0:
            wanted.append((rank, code))
    return max(wanted, key=lambda each: each[0])[1] if wanted else None


@lru_cache(maxsize=4096)
def _number(value: int, locale: Locale) -> str:
    return str(format_decimal(value, locale=locale))


def _local(instant: str, zone: str) -> datetime | None:
    """Return an instant in a time zone; None beyond the years 1 to 9999, which earlier releases accepted."""
    try:
        return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=65_536)
def _day(instant: str, zone: str, locale: Locale) -> str:
    at = _local(instant, zone)
    return str(format_date(at, "long", locale=locale)) if at else instant.partition("T")[0]


@lru_cache(maxsize=65_536)
def _moment(instant: str, zone: str, locale: Locale) -> str:
    at = _local(instant, zone)
    return f"{format_date(at, 'long', locale=locale)}, {format_time(at, 'short', locale=locale)}" if at else instant


@lru_cache(maxsize=65_536)
def _short(instant: str, zone: str, locale: Locale) -> str:
    at = _local(instant, zone)
    return f"{format_date(at, 'medium', locale=locale)}, {format_time(at, 'short', locale=locale)}" if at else instant
