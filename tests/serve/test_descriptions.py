"""Descriptions of tables for pages: those of the data dictionary, of every published table."""

from __future__ import annotations

import re
from pathlib import Path

from orderhouse.access.row_keys import row_keys
from orderhouse.serve.descriptions import table_texts

DICTIONARY = Path(__file__).parents[2] / "docs" / "data_dictionary.md"
SECTION = re.compile(r"^## (\S+)\n\n(.*?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
COLUMN = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)


def test_descriptions_are_those_of_the_data_dictionary() -> None:
    written = {
        table: (about, {name: text.replace("\\|", "|") for name, text in COLUMN.findall(columns)})
        for table, about, columns in SECTION.findall(DICTIONARY.read_text(encoding="utf-8"))
    }
    assert {table: (text.description, dict(text.columns)) for table, text in table_texts().items()} == written


def test_every_published_table_is_described() -> None:
    assert set(table_texts()) == set(row_keys())
