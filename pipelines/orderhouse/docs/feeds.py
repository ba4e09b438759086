"""Generator of the page of input feeds: every column of every contract with its type, its meaning and its words.

`make docs` runs it as `python -m orderhouse.docs.feeds FILE`. Meanings belong to the contracts, our words to the seed
`canonical_vocabulary`. Published tables belong to `data_dictionary`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from orderhouse.contracts import CONTRACTS, Contract
from orderhouse.contracts.columns import WHOLE_DIGITS, kind_of
from orderhouse.contracts.dataframely_alone import Column
from orderhouse.contracts.vocabulary import vocabulary

__all__ = ["feed_page", "main"]

MONEY_DIGITS, UNITS_DIGITS = WHOLE_DIGITS["money"], WHOLE_DIGITS["units"]
HEADER = f"""# Input feeds

Generated from the contracts (`pipelines/orderhouse/contracts/`) and our words
(`dbt_project/seeds/canonical_vocabulary.csv`) by `make docs`. These are the columns into which sources are translated.
The published tables are in the [data dictionary](data_dictionary.md).

## Rules for every feed

- **Files** of the format `canonical`: CSV with a header (UTF-8; delimiter comma, semicolon, tab or `|`), JSON lines,
  a JSON array or object, Parquet, XLSX; plain, gzip, zstd, or alone in a zip. The file's name begins with the feed's
  (`orders-2026-03.csv`), or the source declares `feed`.
- **Types of Parquet**: texts (also bytes in UTF-8), numbers, bools, days and instants. A file with values that break
  their type is refused, and so is one that has a column of the contract as list, struct, map, time or duration.
  A timestamp that is not adjusted to UTC is an instant without offset, and pandas, polars and DuckDB write such ones:
  declare `time_zone: UTC` where they are in UTC.
- **Columns** may be in any order. A column that is not required may be missing or empty. A file without a required
  column is refused as a whole. Other columns are ignored and reported. A row that breaks a type or a rule goes to
  quarantine with the reason; the rest of its file is loaded.
- **Versioned** feeds send the whole record again when it changes. Of one key the row with the greatest `updated_at`,
  its version clock, counts. **Event** feeds only grow. The key names one event, and the same event sent twice counts
  once. Two contents under one key (and one `updated_at`) are a conflict: both are kept, the content hash chooses one,
  and an exception names the conflict.
- **text** is trimmed, and empty text is null. A **word** is text that a vocabulary maps to one of the words listed, in
  any case. It is stored as received. A word in no vocabulary becomes `unknown` and raises an exception, and its row is
  loaded.
- **instant**: ISO-8601 with an offset, `2026-03-28T14:03:00+01:00` or `…Z`, stored in UTC to the microsecond. An
  instant without offset is in the source's `time_zone`; if the source declares none, the row goes to quarantine.
  **date**: `2026-03-28`. Both are in the years 1 to 9999, an instant in UTC.
- **instant or day**, for promises and estimates: a day without time of day, or any instant whose flag beside it is
  true, is the calendar day as written, in the merchant's business time zone and whatever its offset.
- **money**: a plain decimal such as `1234.50` with at most 4 decimals and {MONEY_DIGITS} digits before them, in the
  currency beside it. **number**: the same without currency. **rate**: the same with at most 8 decimals. **units**: a
  whole number of at most {UNITS_DIGITS} digits. `≥ 0` and `> 0` are checked.
- **bool**: true, t, yes, y, 1 or false, f, no, n, 0. **currency**: ISO-4217 (`EUR`). **country**: ISO-3166 alpha-2
  (`DE`). All three in any case.
- **Files in another form** need no code, but keys of their source: `columns: {{theirs: ours}}`,
  `words: {{kind: {{theirs: ours}}}}`, `constants: {{currency: EUR}}` for a value that all rows share,
  `decimal: ","` for `9,90`, `dates: "%d.%m.%Y %H:%M"` for days and instants, `time_zone`,
  `header: false`, `delimiter` and `encoding`. [Adding a source](adding_a_source.md) shows each.

Marks in the tables:

- **required**: the column must be there and filled.
- **key**: one of the columns that identify a record or event.
- **personal**: the value goes to the vault, and the row has a token (`email` becomes `email_token`, see
  [privacy](privacy.md)).
- **id**: the source's `id_prefix` is put before it.
- **order id**: the source's `order_id_prefix` is put before it, or else its `id_prefix`.
- **label**: a name that `words` may map to another one, and that otherwise stays as written.
"""
BOUNDS = {"not_negative": " ≥ 0", "above_zero": " > 0"}
IDS = {"order": "order id", "other": "id"}


def feed_page() -> str:
    """Return the page as Markdown."""
    contents = " · ".join(f"[{feed}](#{feed})" for feed in CONTRACTS)
    sections = (line for contract in CONTRACTS.values() for line in _section(contract))
    return "\n".join([HEADER, f"{contents}\n", *sections]).rstrip() + "\n"


def _section(contract: type[Contract]) -> Iterator[str]:
    feed = contract.feed()
    key = ", ".join(f"`{name}`" for name in contract.key())
    yield f"## {feed}\n"
    yield f"{_one_line(contract.__doc__)} {contract.shape.capitalize()}; key {key}.\n"
    yield "| column | type | marks | meaning |\n|---|---|---|---|"
    yield from (_row(contract, name, vocabulary().get((feed, name), ())) for name in contract.fields())
    yield ""
    yield from _rules(contract)


def _row(contract: type[Contract], name: str, words: Sequence[str]) -> str:
    column = contract.fields()[name]
    allowed = " · ".join(f"`{word}`" for word in words)
    meaning = f"{_one_line(column.description)} {allowed}".strip().replace("|", "\\|")
    return f"| `{name}` | {_type(contract, name, column)} | {', '.join(_marks(contract, name))} | {meaning} |"


def _type(contract: type[Contract], name: str, column: Column) -> str:
    kind = "word" if name in contract.enumerated() else kind_of(column)
    kind = "instant or day" if name in contract.promises() else kind
    checks = column.check if isinstance(column.check, dict) else {}
    return kind + "".join(BOUNDS.get(check, "") for check in checks)


def _marks(contract: type[Contract], name: str) -> Iterator[str]:
    if name in contract.required():
        yield "**required**"
    if name in contract.key():
        yield "key"
    if name in contract.personal():
        yield "personal"
    if name in contract.ids():
        yield IDS[contract.ids()[name]]
    if name in contract.mapped() and name not in contract.enumerated():
        yield "label"


def _rules(contract: type[Contract]) -> Iterator[str]:
    rules = contract.row_rules().values()
    if not rules:
        return
    yield "A row that breaks one of these rules is quarantined with the reason in italics:\n"
    yield from (f"- {_one_line(rule.validation_fn.__doc__)} *{rule.sentence}*" for rule in rules)
    yield ""


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def main(arguments: list[str]) -> None:
    """Write the page to the file named."""
    Path(arguments[0]).write_text(feed_page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
