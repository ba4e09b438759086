"""Stored words and numbers with their nouns, for texts of every part. Numbers of pages are in `shared.formats`."""

from __future__ import annotations

__all__ = ["DASH", "counted", "label"]

DASH = "–"
WORDS = {
    "ui": "UI",
    "sku": "SKU",
    "rfm": "RFM",
    "csv": "CSV",
    "xlsx": "XLSX",
    "b2b": "B2B",
    "dbt_test": "dbt test",
    "abc": "ABC",
    "xyz": "XYZ",
    # A status in which nothing has happened. "None" reads as a fault of the page.
    "none": "Nothing",
}


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: ``1 file``, ``2 files``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def label(word: object) -> str:
    """Write a stored word for readers: ``part_shipped`` becomes "Part shipped", None a dash."""
    if word is None or word == "":
        return DASH
    text = str(word)
    return WORDS.get(text, text.replace("_", " ")[:1].upper() + text.replace("_", " ")[1:])
