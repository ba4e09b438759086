"""Notation: how a source writes numbers, days and instants where it does not write them as the contracts do.

A notation is declared and never guessed. A value that is not written as declared stays as received, and the contract
reports it. The parsing of contract types belongs in `parsing`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

__all__ = ["NUMERIC", "Notation", "checked_form"]

NUMERIC = ("money", "number", "rate", "units")

# Groups of three digits, separated by a sign that is not the decimal sign.
GROUPED = r"^[+-]?[0-9]{{1,3}}(?:[{apart} '’\u00a0\u202f][0-9]{{3}})+(?:\{sign}[0-9]*)?$"
PLAIN = r"^[+-]?(?:[0-9]+(?:\{sign}[0-9]*)?|\{sign}[0-9]+)$"
DIRECTIVE = re.compile(r"%(.)")
YEAR, MONTH, DAY, CLOCK = (frozenset(directives) for directives in ("Yy", "mbB", "d", "HIMSpfz"))
FIRST_YEAR = 1000
EXAMPLES = "such as '%d.%m.%Y', '%m/%d/%Y %I:%M %p' or '%Y%m%d %H:%M:%S.%f'"


@dataclass(frozen=True)
class Notation:
    """The declared notation of a source.

    Attributes:
        time_zone: Zone of instants without offset; None if none is declared.
        decimal: Decimal sign of numbers, ``.`` or ``,``; thousands may then be separated. None for plain numbers with a
            point.
        dates: Forms of days and instants in strptime's directives, beside ISO-8601; the first that fits counts.
    """

    time_zone: str | None = None
    decimal: str | None = None
    dates: tuple[str, ...] = ()

    def plain_numbers(self, text: pl.Series) -> pl.Series:
        """Return numbers with a decimal point and no separators; null where a value is not written as declared."""
        if self.decimal is None:
            return text
        apart = "," if self.decimal == "." else "."
        forms = "|".join(form.format(sign=self.decimal, apart=apart) for form in (PLAIN, GROUPED))
        # Text that does not fit stays out here, because removing its separators could turn it into another number.
        fitting = text.set(~text.str.contains(forms).fill_null(True), None)
        return fitting.str.replace_all(r"[^0-9+,.-]", "").str.replace_all(apart, "", literal=True).str.replace(",", ".")

    def iso_instants(self, text: pl.Series) -> pl.Series:
        """Return instants and days in ISO-8601 where they have a declared form; other values stay as they are."""
        found = [_iso(text, form) for form in self.dates]
        return pl.select(pl.coalesce(*found, text)).to_series() if found else text


def checked_form(form: str) -> str:
    """Return a form of `dates` after checking it.

    Raises:
        ValueError: The form lacks a year, month or day, has an unknown directive, or polars cannot read with it.
    """
    parts = DIRECTIVE.findall(form)
    unknown = [part for part in parts if part not in YEAR | MONTH | DAY | CLOCK]
    if unknown:
        raise ValueError(f"{form!r}: %{unknown[0]} is not a known directive; write a form {EXAMPLES}")
    if any(len(kind.intersection(parts)) != 1 for kind in (YEAR, MONTH, DAY)):
        raise ValueError(f"{form!r} needs a year, a month and a day; write a form {EXAMPLES}")
    if "f" in parts and ".%f" not in form:
        raise ValueError(f"{form!r}: the fraction of a second needs a point before it; write a form {EXAMPLES}")
    try:
        _iso(pl.Series(["any"]), form)
    except pl.exceptions.ComputeError as error:
        raise ValueError(f"{form!r}: {str(error).splitlines()[0]} Write a form {EXAMPLES}") from None
    return form


def _iso(text: pl.Series, form: str) -> pl.Series:
    """Return values of a form in ISO-8601, others as null. Years before 1000 are null: they come from two digits."""
    clock = CLOCK.intersection(DIRECTIVE.findall(form))
    if clock:
        typed = text.str.to_datetime(form.replace(".%f", "%.f"), time_unit="us", strict=False)
    else:
        typed = text.str.to_date(form, strict=False)
    # %Y also accepts two digits: 24 would become the year 24.
    typed = typed.set(typed.dt.year() < FIRST_YEAR, None)
    offset = "Z" if "z" in clock else ""
    return typed.dt.to_string(f"%Y-%m-%dT%H:%M:%S%.6f{offset}" if clock else "%Y-%m-%d")
