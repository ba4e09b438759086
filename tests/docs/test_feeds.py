"""Tests of the page of the feeds: it is generated from the contracts and vocabularies, and is complete."""

from __future__ import annotations

import re

import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.vocabulary import vocabulary
from orderhouse.docs.feeds import feed_page

from tests.integration.running import PROJECT

PAGE = PROJECT / "docs" / "feeds.md"


def test_the_committed_page_is_a_fresh_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == feed_page(), f"{PAGE.name} is not what the contracts say: make docs"


@pytest.mark.parametrize("feed", CONTRACTS)
def test_every_column_is_there_in_order_with_its_meaning(feed: str) -> None:
    section = feed_page().split(f"\n## {feed}\n")[1].split("\n## ")[0]
    shown = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]* \| (.*) \|$", section, re.M)
    assert [name for name, _ in shown] == list(CONTRACTS[feed].fields())
    assert [name for name, meaning in shown if not re.match(r"[A-Za-z].+", meaning)] == []


def test_every_enumerated_column_has_words_and_shows_them() -> None:
    enumerated = {(feed, name) for feed, contract in CONTRACTS.items() for name in contract.enumerated()}
    assert enumerated == set(vocabulary())
    assert "The kind of event. `authorized` · `captured` · `voided`" in feed_page()


def test_types_bounds_and_marks_are_those_of_the_contract() -> None:
    page = feed_page()
    assert "| `order_id` | text | **required**, key, order id |" in page
    assert "| `unit_price` | money ≥ 0 | **required** |" in page
    assert "| `quantity` | units > 0 | **required** |" in page
    assert "| `email` | text | personal |" in page
    assert "| `fee_amount` | money |  |" in page
    assert "| `carrier` | text | label |" in page


def test_rules_over_several_columns_stand_under_their_feed() -> None:
    section = feed_page().split("\n## feedback\n")[1].split("\n## ")[0]
    assert (
        "- Require a score that is not above the best score of its scale. *the score is above the scale's maximum*"
        in section
    )
