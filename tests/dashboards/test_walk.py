"""The walk through all pages of a home without rows, and what it notices. Others are walked where they are built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dashboards.conftest import Table
from tests.dashboards.published_home import publish
from tests.dashboards.walk.equations import is_true, unequal
from tests.dashboards.walk.faults import UNSEEN
from tests.dashboards.walk.headlines import agrees
from tests.dashboards.walk.walking import assert_walk_is_clean


def test_every_page_is_right_without_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path, empty=True)
    assert_walk_is_clean(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("shown", "value", "unit", "is_right"),
    [
        ("EUR 1,234.50", "1234.4951", "money", True),
        ("EUR 1,234.50", "1234.51", "money", False),
        ("EUR 34.50", "1234.50", "money", False),
        ("USD 1,234.50", "1234.50", "money", False),
        ("GBP 12.35 k", "12349.00", "money GBP", True),
        ("12.35 k", "12360", "count", False),
        ("1,23", "123", "count", False),
        ("46.1 %", "0.4612", "share", True),
        ("0.5", "0.4612", "share", False),
        ("3.5 days", "84", "hours", True),
        ("–", None, "count", True),
        ("0", None, "count", False),
        ("nan", None, "count", False),
    ],
)
def test_a_figure_is_right_to_its_last_digit(shown: str, value: str | None, unit: str, is_right: bool) -> None:
    assert agrees(shown, value, unit, "EUR") is is_right


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        ("EUR 10.00 gross − EUR 1.00 off = EUR 9.00 net + EUR 1.80 tax = EUR 10.80 total", True),
        ("EUR 10.00 gross − EUR 1.00 off = EUR 9.01 net + EUR 1.80 tax = EUR 10.81 total", False),
        ("EUR 10.00 gross − EUR 1.00 off = EUR 9.00 net + EUR 1.80 tax = EUR 10.81 total", False),
        ("psp: sum of the parts EUR 5.00 + residual EUR -1.00 = stated EUR 4.00.", True),
        ("psp: sum of the parts EUR 5.00 + residual EUR -1.00 = stated EUR 5.00.", False),
    ],
)
def test_an_equation_is_added_up_as_it_is_written(text: str, is_right: bool) -> None:
    assert is_true(text) is is_right


def test_a_row_that_does_not_add_up_is_named() -> None:
    headings = dict.fromkeys(("debit_amount", "credit_amount", "balance_amount"), "")
    row: dict[str, str | None] = {"debit_amount": "1,000.00", "credit_amount": "1.50", "balance_amount": "998.51"}
    assert len(unequal([Table("journal", headings, [row], ["0"])], [])) == 1
    rates: dict[str, str | None] = {"rate": "33.4 %", "returned": "1", "shipped": "3"}
    assert len(unequal([Table("rates", dict.fromkeys(rates, ""), [rates], ["0"])], [])) == 1


@pytest.mark.parametrize("text", ["nan", "Due NaN", "None", "Paid: None", "-inf %", "NaT", "undefined", "EUR nan"])
def test_a_value_that_is_none_is_noticed(text: str) -> None:
    assert UNSEEN.search(text)


@pytest.mark.parametrize("text", ["None without demand.", "Nothing", "information", "Ferdinand", "banana", "Infinite"])
def test_words_are_no_missing_values(text: str) -> None:
    assert not UNSEEN.search(text)
