"""Guesses about values: forms of days, decimal signs, tails of floats, and the kinds of columns they fit."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from orderhouse.contracts.codes import CURRENCIES
from orderhouse.contracts.country_names import codes_of_names
from orderhouse.contracts.notation import Notation

__all__ = ["FORMS", "Written", "fits", "written"]

FORMS = (
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"),
    *("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y"),
    *("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m/%d/%Y"),
    *(
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d-%b-%y",
        "%d-%b-%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%d.%m.%y",
        "%m/%d/%y",
    ),
)
CLOCK = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
ISO = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:{CLOCK})?$"
WITH_OFFSET = r"(?:[Zz]|[T ][0-9:.]+ ?[+-][0-9]{2}:?[0-9]{2})$"
NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
COMMA = r"^[+-]?[0-9]{1,3}(?:[.'’ ]?[0-9]{3})*,[0-9]+$"
PERCENT = r"^[0-9]{1,3}(?:[.,][0-9]+)?\s*%$"
ENOUGH = 0.98


@dataclass(frozen=True)
class Written:
    """How the values of a column are written.

    Attributes:
        kind: ``instant``, ``number``, ``units``, ``percent`` or ``text``; ``empty`` without values.
        form: Form of the days, if it is not ISO-8601.
        other_form: Another form that fits all values as well.
        needs_zone: True if instants have no offset.
        decimal: The decimal sign, if it is a comma.
        has_tail: True if a number has more than four decimals.
        is_share: True if all numbers lie between 0 and 1, and some are neither.
        is_unique: True if no value is repeated.
    """

    kind: str
    form: str | None = None
    other_form: str | None = None
    needs_zone: bool = False
    decimal: str | None = None
    has_tail: bool = False
    is_share: bool = False
    is_unique: bool = False


def written(values: pl.Series) -> Written:
    """Return how values are written, for a column of texts."""
    texts = values.str.strip_chars().replace("", None).drop_nulls()
    if not texts.len():
        return Written("empty")
    is_unique = texts.n_unique() == values.len()
    if _share(texts, ISO) >= ENOUGH:
        return Written("instant", needs_zone=not texts.str.contains(WITH_OFFSET).all(), is_unique=is_unique)
    forms = _forms(texts)
    if forms:
        other = forms[1] if len(forms) > 1 else None
        return Written("instant", forms[0], other, needs_zone=True, is_unique=is_unique)
    if _share(texts, NUMBER) >= ENOUGH:
        kind = "units" if _share(texts, r"^[+-]?[0-9]+(?:\.0*)?$") >= ENOUGH else "number"
        has_tail = texts.str.contains(r"\.[0-9]{4}0*[1-9]").any()
        return Written(kind, has_tail=has_tail, is_share=_are_shares(texts), is_unique=is_unique)
    if texts.str.contains(COMMA).any() and _share(texts, rf"{COMMA}|^[+-]?[0-9]+$") >= ENOUGH:
        return Written("number", decimal=",", is_share=_are_shares(texts), is_unique=is_unique)
    if _share(texts, PERCENT) >= ENOUGH:
        return Written("percent", decimal="," if texts.str.contains(",").any() else None)
    return Written("text", is_unique=is_unique)


def fits(kind: str, values: pl.Series, how: Written) -> bool:
    """Return whether the values of a column may be those of a contract type, of a `discount` or of a `share`."""
    if how.kind == "empty":
        return kind == "text"
    if kind == "share":
        return how.kind == "percent" or how.is_share
    if kind in {"money", "number", "rate", "discount"}:
        return how.kind in {"number", "units"} and not (kind == "discount" and how.is_share)
    if kind in {"instant", "date"}:
        return how.kind == "instant"
    if kind == "units":
        return how.kind == "units"
    distinct = values.str.strip_chars().replace("", None).drop_nulls().unique()
    if kind == "currency":
        return bool(distinct.str.to_uppercase().is_in(list(CURRENCIES)).all())
    if kind == "country":
        return len(codes_of_names(distinct)) + distinct.str.contains("^[A-Z]{2}$").sum() >= distinct.len() * ENOUGH
    if kind == "bool":
        return distinct.len() <= 2 and bool(
            distinct.str.to_lowercase().is_in(["true", "false", "yes", "no", "1", "0"]).all()
        )
    return True


def _share(texts: pl.Series, pattern: str) -> float:
    return int(texts.str.contains(pattern).sum()) / texts.len()


def _are_shares(texts: pl.Series) -> bool:
    numbers = texts.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False).drop_nulls()
    return bool(numbers.is_between(0, 1).all() and (numbers % 1 != 0).any())


def _forms(texts: pl.Series) -> list[str]:
    """Return the forms that fit nearly all values, by how many they fit."""
    distinct = texts.unique()
    if not distinct.str.contains(r"^[0-9A-Za-z]{1,4}[./-]?[0-9A-Za-z]{2,4}").all():
        return []
    if distinct.str.contains(r"^[0-9]+$").all() and not distinct.str.contains(r"^(?:19|20)[0-9]{6}$").all():
        return []
    found = {form: Notation(dates=(form,)).iso_instants(distinct) for form in FORMS}
    shares = {form: int((iso != distinct).sum()) / distinct.len() for form, iso in found.items()}
    return sorted((form for form, share in shares.items() if share >= ENOUGH), key=lambda form: -shares[form])
