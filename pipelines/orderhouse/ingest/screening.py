"""Screening: type the rows of a feed and check them against its contract.

A row is accepted, or quarantined with every broken rule. Accepted and quarantined rows hold tokens in place of personal
values. This module touches neither files nor tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from orderhouse.contracts import CONTRACTS, Contract
from orderhouse.contracts.columns import POLARS_TYPES, kind_of
from orderhouse.contracts.notation import NUMERIC, Notation
from orderhouse.contracts.parsing import TEXTS, Failures, cleaned, parse
from orderhouse.contracts.sentences import HARMLESS, LOOKS_PERSONAL, broken, rule_name
from orderhouse.ingest.payloads import with_payload_parts
from orderhouse.ingest.personal_ids import CUSTOMER, with_tokens_for_ids
from orderhouse.ingest.prefixing import with_prefixes
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.readers.records import RECORD, Malformed
from orderhouse.vault.vault import Vault

__all__ = ["PART", "Screened", "screen", "screen_malformed"]

ROW = "_row"
PART = "_part"
UNREADABLE = "unreadable"
QUARANTINE_SCHEMA = {
    PART: pl.Int64(),
    "record": pl.Int64(),
    "rules": pl.String(),
    "reasons": pl.String(),
    "row_json": pl.String(),
}


@dataclass(frozen=True)
class Screened:
    """Rows of one feed, divided into accepted and quarantined ones.

    Attributes:
        accepted: Stored columns (tokens for personal values), `_record` and `_part`.
        quarantined: `_part`, record, rules (JSON), reasons (sentences) and the row (JSON, with tokens for personal
            values and for texts that may be personal).
        personal: Number of values that look like an address or a telephone number, by part and by column where none
            belong.
        tokenised_ids: Number of rows whose customer id is an address or a telephone number, and became a token.
    """

    accepted: pl.DataFrame
    quarantined: pl.DataFrame
    personal: Mapping[tuple[int, str], int] = field(default_factory=dict)
    tokenised_ids: int = 0


def screen(
    feed: str,
    frame: pl.DataFrame,
    source: Source,
    vault: Vault,
    *,
    is_trimmed: bool = False,
    withhold: bool = True,
) -> Screened:
    """Divide the rows of a feed into accepted and quarantined ones. Instants become UTC.

    Args:
        feed: The feed.
        frame: Contract columns as text or typed, `_record`, and `_part`, which is passed through.
        source: The source, with its constants, the prefixes of its ids and its notation.
        vault: Stores personal values and returns tokens.
        is_trimmed: True if no text is empty or begins or ends with white space.
        withhold: Withhold values that may be personal from the reasons; a dry run shows them to who has the file.
    """
    contract, notation = CONTRACTS[feed], source.notation
    texts = [name for name, column in contract.fields().items() if name in frame.columns and kind_of(column) in TEXTS]
    clean = frame if is_trimmed else cleaned(frame, texts)
    prepared, tokenised_ids = _prepared(contract, clean, source, vault)
    text = with_payload_parts(contract, prepared, notation)
    parsed = parse(contract, text, notation)
    misplaced = _misplaced(contract, parsed.frame, source)
    unfit = parsed.failures | misplaced if source.personal_values == "quarantine" else parsed.failures
    accepted, failures = _check_rules(contract, parsed.frame, unfit)
    parts = text[PART].gather(accepted[ROW])
    accepted = _tokenise_personal_words(contract, accepted, vault)
    stored = vault.tokenise(accepted.select(*contract.fields(), RECORD, parts), contract.personal())
    quarantined = _quarantined(contract, text, failures, vault, source, withhold)
    return Screened(stored, quarantined, _counted(misplaced, text[PART]), tokenised_ids)


def screen_malformed(malformed: Sequence[tuple[int, Malformed]], vault: Vault) -> pl.DataFrame:
    """Return quarantined rows for malformed records, each with its part; their text goes to the vault."""
    text = pl.DataFrame({"record_text": [each.text for _, each in malformed]}, schema={"record_text": pl.String()})
    return pl.DataFrame(
        {
            PART: [part for part, _ in malformed],
            "record": [each.record for _, each in malformed],
            "rules": [json.dumps([each.rule]) for _, each in malformed],
            "reasons": [each.reason for _, each in malformed],
            "row_json": _as_json(vault.tokenise(text, {"record_text": UNREADABLE})),
        },
        schema=QUARANTINE_SCHEMA,
    )


def _prepared(contract: type[Contract], frame: pl.DataFrame, source: Source, vault: Vault) -> tuple[pl.DataFrame, int]:
    """Return the frame with constants, with tokens for personal customer ids, and with prefixes; and their number."""
    fields = contract.fields()
    constants = [
        pl.lit(value).alias(name)
        for name, value in source.constants.items()
        if name in fields and name not in frame.columns
    ]
    count = 0
    if source.personal_values != "allow":
        frame, count = with_tokens_for_ids(frame, vault)
    prefixed = with_prefixes(frame, source.id_prefixes(contract.feed())).with_columns(
        *constants, pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW)
    )
    if source.personal_values != "allow" and CUSTOMER not in frame.columns:
        prefixed, count = with_tokens_for_ids(prefixed, vault)  # a constant takes no prefix
    return prefixed, count


def _misplaced(contract: type[Contract], typed: pl.DataFrame, source: Source) -> Failures:
    """Return a mask over all rows for each column with values that look personal, where no such value belongs."""
    if source.personal_values == "allow":
        return {}
    names = [
        name
        for name, column in contract.fields().items()
        if typed.schema.get(name) == pl.String and name not in contract.personal() and kind_of(column) in TEXTS
    ]
    found = typed.select(pl.col(name).str.contains(LOOKS_PERSONAL).any() for name in names)
    suspected = [name for name in names if found[name].item()] if typed.height else []
    return {f"{name}|not_personal": typed[name].str.contains(LOOKS_PERSONAL).fill_null(False) for name in suspected}


def _counted(misplaced: Failures, parts: pl.Series) -> dict[tuple[int, str], int]:
    """Return the number of values by part and column."""
    return {
        (int(part), rule.partition("|")[0]): int(count)
        for rule, mask in misplaced.items()
        for part, count in parts.filter(mask).value_counts().iter_rows()
    }


def _check_rules(contract: type[Contract], typed: pl.DataFrame, unparsed: Failures) -> tuple[pl.DataFrame, Failures]:
    """Return the rows that break no rule, and for each broken rule a mask over all rows."""
    if not unparsed and contract.is_valid(typed):
        return typed, {}  # unfiltered, since a filter copies all columns into chunks
    _, failure = contract.filter(typed)
    failures = dict(unparsed)
    details = failure.details()
    for rule in failure.counts():
        mask = typed[ROW].is_in(details.filter(pl.col(rule) == "invalid")[ROW].implode())
        if rule.endswith("|nullability"):
            mask = _without_unparsed(mask, unparsed, rule.removesuffix("nullability"))
        if mask.any():
            failures[rule] = mask
    return typed.filter(~_any(failures)).rechunk(), failures


def _without_unparsed(mask: pl.Series, unparsed: Failures, column: str) -> pl.Series:
    """Return a mask of missing values without the values that did not parse."""
    for rule, other in unparsed.items():
        if rule.startswith(column):
            mask = mask & ~other
    return mask


def _tokenise_personal_words(contract: type[Contract], accepted: pl.DataFrame, vault: Vault) -> pl.DataFrame:
    """Replace words of enumerated columns that look like an address or a telephone number by their tokens.

    Such a word is in no vocabulary, so nothing is lost.
    """
    for name in contract.enumerated():
        words = accepted[name].unique()
        odd = words.filter(words.str.contains(LOOKS_PERSONAL))
        if odd.len():
            is_odd = pl.col(name).is_in(odd.implode())
            token = vault.tokenise(accepted.select(pl.when(is_odd).then(name).alias(name)), {name: UNREADABLE})
            accepted = accepted.with_columns(token.to_series().fill_null(accepted[name]).alias(name))
    return accepted


def _any(failures: Failures) -> pl.Series:
    return pl.select(pl.any_horizontal(*failures.values())).to_series()


def _quarantined(
    contract: type[Contract], text: pl.DataFrame, failures: Failures, vault: Vault, source: Source, withhold: bool
) -> pl.DataFrame:
    """Return the rows that break a rule, with rules, reasons and the row as JSON."""
    if not failures:
        return pl.DataFrame(schema=QUARANTINE_SCHEMA)
    bad = _any(failures)
    masks = {rule: mask.filter(bad) for rule, mask in failures.items()}
    received = [name for name in contract.fields() if name in text.columns]
    rows = (
        cleaned(text.filter(bad))
        .select(
            *(_as_text(contract, name, text.schema[name], source.notation) for name in received),
            *(pl.lit(None, pl.String).alias(name) for name in contract.fields() if name not in received),
            RECORD,
            PART,
        )
        .rechunk()
    )
    masks = {rule: mask.rechunk() for rule, mask in masks.items()}
    sentences = [pl.when(mask).then(broken(contract, rule, withhold=withhold)) for rule, mask in masks.items()]
    rules = [pl.when(mask).then(pl.lit(rule_name(rule))) for rule, mask in masks.items()]
    found = rows.select(
        pl.concat_str(sentences, separator="; ", ignore_nulls=True).alias("reasons"),
        pl.concat_list(rules).list.drop_nulls().alias("rules"),
    )
    return pl.DataFrame(
        {
            PART: rows[PART],
            "record": rows[RECORD],
            "rules": [json.dumps(list(names)) for names in found["rules"]],
            "reasons": found["reasons"],
            "row_json": _as_json(_tokenise_personal(contract, rows.select(received), masks, vault, source)),
        },
        schema=QUARANTINE_SCHEMA,
    )


def _tokenise_personal(
    contract: type[Contract], rows: pl.DataFrame, masks: Failures, vault: Vault, source: Source
) -> pl.DataFrame:
    """Return rows as received, with tokens for personal columns and for texts elsewhere that may be personal.

    A text is examined without the prefix of its id column.
    """
    personal, prefixes = contract.personal(), source.id_prefixes(contract.feed())
    rows = vault.tokenise(rows, personal)
    broken_columns = {rule.partition("|")[0] for rule in masks}
    for column in sorted(set(contract.fields()) & set(rows.columns)):
        written = rows[column].str.strip_prefix(prefixes.get(column, ""))
        if column in broken_columns:
            odd = written.is_not_null() & ~written.str.contains(HARMLESS).fill_null(True)
        else:  # a shifted row may have a personal value in a column whose own rules hold
            odd = written.str.contains(LOOKS_PERSONAL).fill_null(False)
        if odd.any():
            token = vault.tokenise(rows.select(pl.when(odd).then(pl.col(column)).alias(column)), {column: UNREADABLE})
            rows = rows.with_columns(pl.when(~odd).then(pl.col(column)).alias(column), token.to_series())
    return rows


def _as_text(contract: type[Contract], name: str, dtype: pl.DataType, notation: Notation) -> pl.Expr:
    """Return a value as text that screens like the value itself, since a repair starts from the text."""
    kind = kind_of(contract.fields()[name])
    if dtype == POLARS_TYPES["instant"] and kind == "instant":
        return pl.col(name).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
    if dtype.is_float() or dtype.is_decimal():
        text = (pl.col(name).fill_nan(None) if dtype.is_float() else pl.col(name)).cast(pl.String)
        return text.str.replace(".", notation.decimal or ".", literal=True) if kind in NUMERIC else text
    if isinstance(dtype, pl.Datetime):
        return pl.col(name).dt.to_string("iso:strict")
    if dtype.is_nested() or dtype == pl.Binary:
        return pl.col(name).map_elements(str, pl.String)
    return pl.col(name).cast(pl.String)


def _as_json(rows: pl.DataFrame) -> list[str]:
    """Return each row as JSON without its nulls. Quarantined rows are few, so a loop over them is fast enough."""
    return [
        json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)
        for row in rows.iter_rows(named=True)
    ]
