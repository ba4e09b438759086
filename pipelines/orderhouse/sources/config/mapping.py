"""Checks of the mapping of a source: which of our columns may be named, made of several, or given words.

Each raises ValueError with a clause; `sources_file` makes a sentence of it, with file and line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from orderhouse.config_values import as_list, nearest_sentence, require_known
from orderhouse.contracts import CONTRACTS, Contract
from orderhouse.contracts.codes import COUNTRIES
from orderhouse.contracts.columns import kind_of
from orderhouse.contracts.vocabulary import UNKNOWN, vocabulary
from orderhouse.sources.formats.cut_columns import group_names
from orderhouse.sources.formats.discount_shares import DISCOUNT_SHARE
from orderhouse.sources.formats.format import ANY, POSITION, SKIPPED
from orderhouse.sources.formats.line_amounts import LINE_AMOUNT
from orderhouse.sources.formats.made_ids import group_column
from orderhouse.sources.formats.mapped_values import TRANSLATED_KINDS

__all__ = [
    "MAPPED",
    "as_texts_by_column",
    "checked_columns",
    "checked_ids",
    "checked_words",
    "is_translated",
    "require_mapped",
    "require_one_layout",
]


class DaysAfter(BaseModel):
    """A promise as a number of days after another day.

    Attributes:
        after: Column of the file with the first day.
        by: Column with the number of days, or with the word that `days` gives a number for.
        days: Number of days, or number by word; a star stands for every other word.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: str
    by: str | None = None
    days: Annotated[int, Field(ge=0)] | dict[str, Annotated[int, Field(ge=0)]] | None = None

    @model_validator(mode="after")
    def _counts_days(self) -> Self:
        """Require either one number of days, or a column that says which."""
        if isinstance(self.days, int) == (self.by is not None):
            raise ValueError("give `days` as one number, or `by`, a column with the number or a word for it")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the file that are used."""
        return (self.after, self.by) if self.by else (self.after,)


# Formats whose records have columns that the source maps to ours.
MAPPED = ("canonical", "sql", "table")
YES, NO = ("true", "yes"), ("false", "no")


def require_mapped(name: str | None) -> None:
    """Refuse a key of the mapping for a format that has columns of its own."""
    if name not in {None, *MAPPED}:
        raise ValueError(f"the format {name} defines its own columns; remove the key, or use `format: canonical`")


def require_one_layout(name: str | None, *, of_others: bool) -> None:
    """Refuse a key about the layout of files where each table has its own, or the format defines it.

    Args:
        name: Format of the source.
        of_others: True if known formats have the key too.
    """
    if name == "sql":
        raise ValueError("each table has its own; write the key under `tables`")
    if not of_others:
        require_mapped(name)


def as_texts_by_column(value: Any) -> Any:
    """Return texts by column; texts without a column are of every column."""
    value = {ANY: value} if isinstance(value, str | list) else value
    return {name: as_list(texts) for name, texts in value.items()} if isinstance(value, dict) else value


def checked_columns(value: Any, feed: str | None, *, are_values: bool) -> Any:
    """Check that our columns exist in the feed, or in any feed.

    Args:
        value: Our columns by theirs, or in order; values by our column if `are_values`.
        feed: The feed; None for any.
        are_values: True for constants.
    """
    known = {column for each in _feeds(feed) for column in CONTRACTS[each].fields()}
    if "order_lines" in _feeds(feed) and not are_values:
        known |= {LINE_AMOUNT, DISCOUNT_SHARE}
    named = value if isinstance(value, list) or are_values else value.values()
    ours = [column for names in named for column in as_list(names) if column != SKIPPED]
    twice = [column for column in ours if ours.count(column) > 1] if isinstance(value, list) else []
    if twice:
        raise ValueError(f"the list names the column {twice[0]!r} twice")
    for column in ours:
        require_known(f"column of {feed or 'any feed'}", column, known)
    if {DISCOUNT_SHARE, "discount_amount"} <= set(ours):
        raise ValueError(f"{DISCOUNT_SHARE} and discount_amount say the same; map one of the two")
    return value


def checked_ids(value: dict[str, list[str]], feed: str | None, columns: Any) -> dict[str, list[str]]:
    """Check ids that are made of columns of the file, or of the position of a record."""
    texts = {name for each in _feeds(feed) for name in _texts(CONTRACTS[each])}
    named = columns.values() if isinstance(columns, dict) else columns or ()
    mapped = {name for names in named for name in as_list(names)}
    for name, parts in value.items():
        require_known(f"id of {feed or 'any feed'}", name, texts)
        if name in mapped:
            raise ValueError(f"{name}: `columns` gives it too; remove it from one of the two")
        if len(set(parts)) < len(parts):
            raise ValueError(f"{name}: it names one column twice")
        if parts == [POSITION] and not any(group_column(CONTRACTS[each], name) for each in _feeds(feed)):
            raise ValueError(
                f"{name}: a position alone is no id; write the column within which it counts: [order, {POSITION}]"
            )
    return value


def checked_parts(value: dict[str, str], feed: str | None) -> dict[str, str]:
    """Check patterns that cut our columns from one of the file's."""
    known = {column for each in _feeds(feed) for column in CONTRACTS[each].fields()}
    for theirs, pattern in value.items():
        names = group_names(pattern)
        if not names:
            raise ValueError(f"{theirs}: a pattern names our columns in its groups, such as (?<ship_city>.+)")
        for name in names:
            require_known(f"column of {feed or 'any feed'}", name, known)
        try:
            pl.Series(["any"]).str.extract_groups(pattern)
        except pl.exceptions.PolarsError as error:
            raise ValueError(f"{theirs}: {str(error).splitlines()[-1].removeprefix('error: ')}") from None
    return value


def checked_words(value: dict[str, dict[str, str]], feed: str | None, name: str | None) -> dict[str, dict[str, str]]:
    """Check words of enumerated columns and, in the canonical format, of countries and of yes or no.

    Words for yes and no become ``true`` and ``false``.
    """
    feeds = {each: CONTRACTS[each] for each in _feeds(feed)}
    mapped = {f"{each}.{column}" for each, contract in feeds.items() for column in _with_words(contract, name)}
    known = mapped | {each.partition(".")[2] for each in mapped}
    found: dict[str, dict[str, str]] = {}
    for column, meanings in value.items():
        require_known(f"column with words in {feed or 'any feed'}", column, known)
        own = [(each, column.rpartition(".")[2]) for each in _feeds_of(column, feeds, name)]
        kinds = {kind_of(CONTRACTS[each].fields()[ours]) for each, ours in own}
        if kinds <= set(TRANSLATED_KINDS):
            found[column] = {theirs: _translated(column, theirs, ours, kinds) for theirs, ours in meanings.items()}
            continue
        found[column] = meanings
        of_column = [vocabulary().get(each) for each in own]
        if all(of_column):  # a column without a vocabulary accepts every word
            ours_known = {UNKNOWN, *(word for words in of_column for word in words or ())}
            for theirs, meaning in meanings.items():
                if meaning not in ours_known:
                    raise ValueError(f"{column}: {theirs}: {nearest_sentence('word of ours', meaning, ours_known)}")
    return found


def is_translated(column: str, feed: str | None) -> bool:
    """Return whether the words of a column become values when a file is read, and not in the models."""
    name = column.rpartition(".")[2]
    kinds = {kind_of(CONTRACTS[each].fields()[name]) for each in _feeds(feed) if name in CONTRACTS[each].fields()}
    return bool(kinds) and kinds <= set(TRANSLATED_KINDS)


def _translated(column: str, theirs: str, ours: str, kinds: set[str]) -> str:
    if "country" in kinds:
        if theirs == ANY:
            raise ValueError(f"{column}: a country for every other word would be a guess; name the words")
        return require_known(f"country for {theirs}:", ours.upper(), COUNTRIES)
    if ours.lower() in YES + NO:
        return "true" if ours.lower() in YES else "false"
    raise ValueError(f"{column}: {theirs}: it must be yes or no")


def _feeds(feed: str | None) -> list[str]:
    return [feed] if feed else list(CONTRACTS)


def _texts(contract: type[Contract]) -> list[str]:
    fields = contract.fields()
    return [name for name, column in fields.items() if kind_of(column) == "text" and name not in contract.personal()]


def _with_words(contract: type[Contract], name: str | None) -> list[str]:
    translated = [each for each, column in contract.fields().items() if kind_of(column) in TRANSLATED_KINDS]
    return contract.mapped() + (translated if name in {None, *MAPPED} else [])


def _feeds_of(column: str, feeds: Mapping[str, type[Contract]], name: str | None) -> Iterable[str]:
    """Return the feeds to which `column` or `feed.column` applies."""
    feed, _, ours = column.rpartition(".")
    return [each for each, contract in feeds.items() if ours in _with_words(contract, name) and feed in {"", each}]
