"""Examples on the pages of the formats: the files, how they are declared, and the rows that they give.

An example is a section with the heading *An example*. Before each file is a line that begins with the file's name and
ends in a colon. Before each table of rows is a line with the name of the feed. The format is the last one declared
above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import cleaned, parse
from orderhouse.sources.config.mapping import MAPPED

__all__ = ["Example", "examples_of"]

SECTION = re.compile(r"^(#+) An example\n(.*?)(?=^#+ |\Z)", re.M | re.S)
DECLARED = re.compile(r"^```yaml\n(.*?)^```", re.M | re.S)
QUERY = re.compile(r"^```sql\n(.*?)^```", re.M | re.S)
FILE = re.compile(r"^`([^`\n]+\.\w+)`[^\n]*:\n\n```\w+\n(.*?)^```", re.M | re.S)
ROWS = re.compile(r"^`(\w+)`:\n\n((?:\|.*\n)+)", re.M)


@dataclass(frozen=True)
class Example:
    """One example of a page.

    Attributes:
        path: Path of the page's source.
        declared: Declarations of a canonical source on the page. A known format must have none.
        files: Their paths and contents.
        rows: By feed, the rows that follow, with the columns that the page shows, as the contract types them.
    """

    page: str
    format: str
    path: str
    declared: dict[str, Any]
    files: dict[str, str]
    rows: dict[str, pl.DataFrame]


def examples_of(page: Path) -> list[Example]:
    """Return the examples of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [_example(page.stem, text[: found.start()], found[2]) for found in SECTION.finditer(text)]


def _example(page: str, above: str, section: str) -> Example:
    document = yaml.safe_load(DECLARED.findall(above)[-1])
    source = next(iter(document.get("sources", document).values()))
    format_name = source["format"]
    more = {key: value for key, value in source.items() if key not in {"format", "path"}}
    rows = {feed: _typed(feed, table) for feed, table in ROWS.findall(section)}
    declared = more if format_name in MAPPED else {}
    if "query" in declared:
        declared["statement"] = QUERY.findall(above)[-1]
    return Example(page, format_name, source["path"], declared, dict(FILE.findall(section)), rows)


def _typed(feed: str, table: str) -> pl.DataFrame:
    head, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    shown = cleaned(pl.DataFrame(rows, schema=dict.fromkeys(head, pl.String()), orient="row"))
    parsed = parse(CONTRACTS[feed], shown, Notation())
    assert not parsed.failures, f"the table of {feed} holds what its contract does not take: {list(parsed.failures)}"
    return parsed.frame.select(head)
