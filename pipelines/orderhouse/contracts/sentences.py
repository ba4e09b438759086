"""Sentences of broken rules: a name for machines, and a sentence with the value for people.

A value that may be personal is not shown. Values of personal columns are never shown. Text that does not parse may
come from another column, so it is shown only if it cannot be a name, an address or a telephone number: a short
number, a date, a code of two or three capitals, or one of a few common words. The rules belong in the contracts and in
`parsing`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from orderhouse.contracts.contract import Contract

__all__ = ["HARMLESS", "LOOKS_PERSONAL", "broken", "looks_like_data", "rule_name"]

_WORDS = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|many|few|all|any|some|"
    "true|false|yes|no|maybe|on|off|none|null|nil|nan|inf|infinity|n/a|na|unknown|missing|empty|free|tbd|"
    "euros?|dollars?|pounds?|cents?|percent|today|tomorrow|yesterday|now|soon|never|asap"
)
_NUMBER = r"[+-]?(?:0|[1-9]\d{0,5})(?:[.,]\d{0,9})?(?:[eE][+-]?\d{1,3})?"
_DAY = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
_CLOCK = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
_OFFSET = r" ?(?:[zZ]|[+-]\d{2}:?\d{2}|[+-]\d{2})"
HARMLESS = rf"^(?:{_NUMBER}|(?:{_DAY})(?:{_CLOCK})?(?:{_OFFSET})?|[A-Z]{{2,3}}|(?i:{_WORDS}))$"
# An e-mail address, or a telephone number as people write it. A date does not match.
LOOKS_PERSONAL = (
    r"@|^\+\d[\d\s()./-]{5,}$|^\(?0\d{2,5}\)?[\s./-]+\d[\d\s./-]{4,}$"
    r"|^0\d(?:[\s.-]\d{2}){4}$|^\d{3}[\s./-]\d{3,4}[\s./-]\d{4}$"
)
WITHHELD = "(kept in the vault)"

_SENTENCES = {
    "nullability": "is missing",
    "check__not_negative": "{} is negative",
    "check__above_zero": "{} is not above zero",
    "check__iso_4217": "{} is not an ISO-4217 currency",
    "check__iso_3166": "{} is not an ISO-3166 alpha-2 country",
    "an_instant": "{} is not an ISO-8601 instant",
    "exists": "{} is a date or time that does not exist",
    "has_offset": "{} has no UTC offset, and the source declares no time_zone",
    "in_clock_gap": "{} does not exist in the source's time zone: the clocks were put forward over it",
    "in_calendar": "{} is outside the years 1 to 9999 in UTC",
    "a_date": "{} is not a date written as YYYY-MM-DD",
    "a_number": "{} is not a number",
    "as_declared": "{} is not a number written with the decimal sign that the source declares",
    "at_most_4_decimals": "{} has more than 4 decimals",
    "at_most_8_decimals": "{} has more than 8 decimals",
    "in_range": "{} is too large",
    "a_whole_number": "{} is not a whole number",
    "true_or_false": "{} is neither true nor false",
    "not_personal": "{} looks like an e-mail address or a telephone number, which do not belong there",
}


def looks_like_data(names: Sequence[str]) -> bool:
    """Return whether a header is a row of values, which may be personal and must not be shown."""
    pattern = re.compile(rf"^(?:{_NUMBER}|(?:{_DAY})(?:{_CLOCK})?(?:{_OFFSET})?)$|{LOOKS_PERSONAL}")
    return any(pattern.search(name.strip()) for name in names)


def rule_name(rule: str) -> str:
    """Return the published name of a rule, such as ``quantity|not_negative`` or ``order_id|required``."""
    return rule.replace("|check__", "|").replace("|nullability", "|required")


def broken(contract: type[Contract], rule: str, *, withhold: bool = True) -> pl.Expr:
    """Return the sentence of a broken rule as an expression over a frame of the rows' columns as text.

    Args:
        contract: The contract of the feed.
        rule: The broken rule.
        withhold: Withhold values that may be personal; only who has the file may see them.
    """
    column, _, check = rule.partition("|")
    if not check:
        declared = contract.row_rules()[rule]
        if not declared.columns:
            return pl.lit(declared.sentence)
        values = [pl.concat_str(pl.lit(f"{name} "), _shown(name, withhold)) for name in declared.columns]
        return pl.concat_str(pl.lit(f"{declared.sentence} ("), pl.concat_str(values, separator=", "), pl.lit(")"))
    sentence = f"{column} {_SENTENCES[check]}"
    if "{}" not in sentence:
        return pl.lit(sentence)
    value = pl.lit(WITHHELD) if withhold and column in contract.personal() else _shown(column, withhold)
    return pl.format(sentence, value)


def _shown(column: str, withhold: bool) -> pl.Expr:
    text = pl.col(column)
    quoted = pl.when(text.str.contains(r"^[+-]?[\d.]+$")).then(text).otherwise(pl.format("'{}'", text))
    return (
        pl.when(text.is_null())
        .then(pl.lit("missing"))
        .when(text.str.contains(HARMLESS) | pl.lit(not withhold))
        .then(quoted)
        .otherwise(pl.lit(WITHHELD))
    )
