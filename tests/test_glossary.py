"""Tests of the glossary: every term has a definition of one line and a list of words to avoid."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "glossary.md"
AGREED = {
    "vocabulary", "load", "batch", "quarantine", "repair", "replay", "supersede", "reread", "watermark", "touched key",
    "refusal", "published version", "reporting currency", "business day", "recognition clock", "feed", "contract",
    "source", "format", "record", "row", "lineage", "content hash", "vault", "token", "original", "erasure",
    "suppression", "control totals", "drift", "coverage", "clock policy", "as of", "known at", "audit", "check",
    "expectation", "exception", "order line", "allocation", "on hand", "available to promise", "authorised", "captured",
    "payout", "stage", "home",
}  # fmt: skip
ENTRY = re.compile(r"[A-Z`].*\.\n\n\*Avoid:\* \S.*")


def entries() -> list[tuple[str, str]]:
    text = PAGE.read_text(encoding="utf-8")
    return [(term, body.strip()) for term, body in re.findall(r"^### (.+)\n((?:(?!#).*\n?)*)", text, re.MULTILINE)]


def test_every_agreed_term_is_in_the_glossary() -> None:
    assert AGREED - {term for term, _ in entries()} == set()


def test_every_term_has_a_definition_of_one_line_and_an_avoid_list() -> None:
    assert [term for term, body in entries() if not ENTRY.fullmatch(body)] == []


def test_no_term_is_defined_twice() -> None:
    assert [term for term, times in Counter(term.lower() for term, _ in entries()).items() if times > 1] == []


def test_no_term_avoids_itself() -> None:
    avoided = {term: body.rsplit("*Avoid:* ", 1)[1].split(", ") for term, body in entries()}
    assert [term for term, words in avoided.items() if term in words] == []
