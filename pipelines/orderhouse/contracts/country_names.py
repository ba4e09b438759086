"""Names of countries in English, and codes other than alpha-2, each with its ISO-3166 alpha-2 code.

The names are those of the Unicode CLDR, which Babel carries, beside official names and abbreviations that exports use.
Names in other languages belong in the `words` of a source.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

import polars as pl

from orderhouse.contracts.codes import COUNTRIES

__all__ = ["codes_of_names"]

# Official and common names that CLDR writes differently.
OTHER_NAMES = {
    "BO": "Bolivia (Plurinational State of)",
    "CD": "Congo, DRC|Congo, Democratic Republic of the|Democratic Republic of the Congo|DR Congo",
    "CG": "Congo, Republic of the|Republic of the Congo",
    "CI": "Ivory Coast",
    "CV": "Cabo Verde",
    "CZ": "Czech Republic",
    "FM": "Micronesia, Federated States of",
    "GB": "Great Britain|UK|U.K.|United Kingdom of Great Britain and Northern Ireland",
    "IE": "Republic of Ireland|EIRE",
    "IR": "Iran, Islamic Republic of",
    "KP": "Korea, Democratic People's Republic of",
    "KR": "Republic of Korea|Korea, Republic of",
    "LA": "Lao People's Democratic Republic|Lao PDR",
    "MD": "Moldova, Republic of|Republic of Moldova",
    "MK": "Macedonia",
    "MM": "Burma",
    "NL": "The Netherlands|Holland",
    "PS": "Palestine",
    "RU": "Russian Federation",
    "SZ": "Swaziland",
    "SY": "Syrian Arab Republic",
    "TL": "East Timor",
    "TR": "Turkiye|Turkey",
    "TW": "Taiwan, Province of China",
    "TZ": "Tanzania, United Republic of|United Republic of Tanzania",
    "US": "United States of America|USA|U.S.A.|U.S.",
    "VA": "Holy See",
    "VE": "Venezuela, Bolivarian Republic of",
    "VN": "Viet Nam",
}


def codes_of_names(names: pl.Series) -> dict[str, str]:
    """Return the code of each name that is one of a country; other names are left out."""
    known = _codes()
    found = {name: known.get(_plain(name)) for name in names.drop_nulls().unique()}
    return {name: code for name, code in found.items() if code is not None}


@cache
def _codes() -> dict[str, str]:
    """Return the code of each name in its plain form. Babel is imported here: few files have names of countries."""
    from babel import Locale
    from babel.core import get_global

    codes: dict[str, str] = {}
    for alias, replacement in get_global("territory_aliases").items():
        if len(replacement) == 1 and re.fullmatch("[A-Z]{3}", alias):
            codes[_plain(alias)] = replacement[0]
    codes |= {_plain(name): code for code, name in Locale("en").territories.items()}
    codes |= {_plain(name): code for code, names in OTHER_NAMES.items() for name in names.split("|")}
    return {name: code for name, code in codes.items() if code in COUNTRIES}


def _plain(name: str) -> str:
    """Return a name in small letters, without accents and punctuation, and with "and" for "&"."""
    letters = unicodedata.normalize("NFKD", name.replace("&", " and ").casefold())
    kept = "".join(each for each in letters if not unicodedata.combining(each))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", kept.replace("'", "").replace("’", "").replace(".", "")).split())
