"""Values of a file in the words of a source's mapping: no value, countries, yes or no, and rounded amounts.

Which column becomes which belongs in `canonical`; the meaning of enumerated words is left to the dbt models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

import polars as pl

from orderhouse.contracts import Contract
from orderhouse.contracts.columns import kind_of
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import as_text
from orderhouse.sources.formats.format import ANY, Declaration
from orderhouse.sources.formats.line_amounts import LINE_AMOUNT

__all__ = ["TRANSLATED_KINDS", "with_rounded", "with_words", "without_no_values"]

# Kinds of columns whose words become values when a file is read; other words are stored as they are.
TRANSLATED_KINDS = ("bool", "country")
ROUNDED_KINDS = ("money", "number")
EXACT = pl.Decimal(38, 20)
EXPONENT = r"^[+-]?[0-9]+(?:\.[0-9]*)?[eE][+-]?[0-9]{1,2}$"


def without_no_values(source: Declaration, frame: pl.DataFrame) -> pl.DataFrame:
    """Return records in which the texts of the source that mean no value are null."""
    if not source.empty:
        return frame
    patterns = {name: _pattern((*source.empty.get(name, ()), *source.empty.get(ANY, ()))) for name in frame.columns}
    return frame.with_columns(
        pl.when(~pl.col(name).str.contains(pattern)).then(name).alias(name)
        for name, pattern in patterns.items()
        if pattern and frame.schema[name] == pl.String
    )


def _pattern(texts: Iterable[str]) -> str | None:
    """Return a pattern of texts in which a star stands for any text; case and outer spaces do not matter."""
    forms = [".*".join(re.escape(part) for part in text.strip().split(ANY)) for text in texts]
    return rf"(?is)^\s*(?:{'|'.join(forms)})\s*$" if forms else None


def with_words(source: Declaration, contract: type[Contract], frame: pl.DataFrame) -> pl.DataFrame:
    """Return records with countries and yes or no in place of the source's words for them. Case does not matter."""
    columns = []
    for name, column in contract.fields().items():
        meanings = words_of(source.words, contract, name)
        if kind_of(column) not in TRANSLATED_KINDS or name not in frame.columns or not meanings:
            continue
        known = {word.strip().casefold(): meaning for word, meaning in meanings.items() if word != ANY}
        theirs = as_text(frame[name])
        texts = theirs.unique().drop_nulls()
        ours = {text: known.get(text.strip().casefold(), meanings.get(ANY)) for text in texts if text.strip()}
        columns.append(theirs.replace({text: word for text, word in ours.items() if word is not None}))
    return frame.with_columns(columns)


def words_of(words: Mapping[str, Mapping[str, str]], contract: type[Contract], name: str) -> dict[str, str]:
    """Return the words that a source declares for a column, as ``column`` or as ``feed.column``."""
    return {**words.get(name, {}), **words.get(f"{contract.feed()}.{name}", {})}


def with_rounded(
    source: Declaration, contract: type[Contract], frame: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, tuple[int, Decimal]]]:
    """Return records with rounded amounts, and by column the number of rounded values and the sum of their changes."""
    if source.decimals is None:
        return frame, {}
    fields = contract.fields()
    names = [
        name
        for name in frame.columns
        if name == LINE_AMOUNT or (name in fields and kind_of(fields[name]) in ROUNDED_KINDS)
    ]
    found = {name: _rounded(frame[name], source.decimals, source.notation) for name in names}
    changed = {name: (count, change) for name, (_, count, change) in found.items() if count}
    return frame.with_columns(found[name][0] for name in changed), changed


def _rounded(values: pl.Series, decimals: int, notation: Notation) -> tuple[pl.Series, int, Decimal]:
    """Return amounts with no more decimals than this, the number of rounded values, and the sum of their changes.

    Half a unit of the last decimal is rounded away from zero. A value that is no number stays as it is.
    """
    if values.dtype.is_integer():
        return values, 0, Decimal(0)
    text = as_text(values).str.strip_chars()
    plain = notation.plain_numbers(text) if values.dtype == pl.String else text
    is_long = (plain.str.contains(rf"\.[0-9]{{{decimals}}}0*[1-9]") | plain.str.contains(EXPONENT)).fill_null(False)
    exact = plain.set(~is_long, None).cast(EXACT, strict=False)
    if exact.null_count() == exact.len():
        return values, 0, Decimal(0)
    short = exact.to_frame("value").select(pl.col("value").round(decimals, mode="half_away_from_zero")).to_series()
    change = (short - exact).sum()
    written = short.cast(pl.Decimal(38, decimals)).cast(pl.String)
    if notation.decimal:  # typed values become text as well, which is then read in the notation
        written = written.str.replace(".", notation.decimal, literal=True)
        text = text if values.dtype == pl.String else text.str.replace(".", notation.decimal, literal=True)
    count = exact.len() - exact.null_count()
    return written.zip_with(exact.is_not_null(), text).alias(values.name), count, Decimal(change or 0).normalize()
