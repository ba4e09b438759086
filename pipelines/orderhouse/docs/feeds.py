"""The page of the input feeds: every column of every contract with its type, its meaning and its words.

Run as `python -m orderhouse.docs.feeds FILE`, which `make docs` does. What a column means stands in its contract,
our words in the seed `canonical_vocabulary`; what is published of the feeds is the data dictionary's to tell.
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
(`dbt_project/seeds/canonical_vocabulary.csv`) by `make docs`. These are the columns that sources are translated into;
what is published of them is in the [data dictionary](data_dictionary.md).

## What holds for every feed

- **Files** of the format `canonical`: CSV with a header (UTF-8; delimiter comma, semicolon, tab or `|`), JSON lines,
  a JSON array or object, Parquet, XLSX; plain, gzip, zstd, or alone in a zip. The file's name begins with the feed's
  (`orders-2026-03.csv`), or the source declares `feed`.
- **Columns** stand in any order. One that is not required may be missing or empty; a file without a required one is
  refused as a whole; others are ignored and reported. A row that breaks a type or a rule goes to quarantine with the
  reason, the rest of its file does not.
- **Versioned** feeds send the whole record again when it changes: of one key the row with the greatest `updated_at`,
  its version clock, counts. **Event** feeds only grow: the key names one event, and the same event sent twice counts
  once. Two contents under one key (and one `updated_at`) are both kept, one of them is chosen by its content, and an
  exception names the conflict.
- **text** is trimmed, and empty text is no value. A **word** is text that a table maps to one of the words listed, in
  whatever case; it is stored as it came, and one in no table becomes `unknown` and an exception, while its row is
  taken.
- **instant**: ISO-8601 with an offset, `2026-03-28T14:03:00+01:00` or `…Z`, kept in UTC to the microsecond. Without
  offset it is of the source's `time_zone`, and without that in quarantine. **date**: `2026-03-28`.
- **money**: a plain decimal such as `1234.50` with at most 4 decimals and {MONEY_DIGITS} digits before them, in the
  currency beside it; **number** the same without currency; **rate** with at most 8 decimals. **units**: a whole number
  of at most {UNITS_DIGITS} digits. `≥ 0` and `> 0` are checked.
- **bool**: true, t, yes, y, 1 or false, f, no, n, 0. **currency**: ISO-4217 (`EUR`). **country**: ISO-3166 alpha-2
  (`DE`). Case is free.
- **Files that are otherwise** need no code but keys of their source: `columns: {{theirs: ours}}`,
  `words: {{kind: {{theirs: ours}}}}`, `constants: {{currency: EUR}}` for what every row shares,
  `decimal: ","` for `9,90`, `dates: "%d.%m.%Y %H:%M"` for days and instants, `time_zone`,
  `header: false`, `delimiter` and `encoding`. [Adding a source](adding_a_source.md) shows each.

The marks in the tables: **required**; **key**, of the columns that name a record or event; **personal**, whose value
goes to the vault while the row has a token (`email` is `email_token`, see [privacy](privacy.md)); **id**, before
which a source's `id_prefix` goes, and **order id**, before which its `order_id_prefix` goes, else its `id_prefix`;
**label**, a name that `words` may write another way and that stays as it is otherwise.
"""
BOUNDS = {"not_negative": " ≥ 0", "above_zero": " > 0"}
IDS = {"order": "order id", "other": "id"}


def feed_page() -> str:
    """The page as Markdown."""
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
    yield "A row that breaks one of these is quarantined with the words in italics:\n"
    yield from (f"- {_one_line(rule.validation_fn.__doc__)} *{rule.sentence}*" for rule in rules)
    yield ""


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def main(arguments: list[str]) -> None:
    """Write the page to the file named."""
    Path(arguments[0]).write_text(feed_page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
