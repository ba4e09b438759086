"""Tests of declared notations of numbers and instants. Values in another notation are refused, not guessed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.notation import Notation, checked_form
from orderhouse.contracts.parsing import parse

from tests.contracts.one_value import parsed

COMMA, POINT = Notation(decimal=","), Notation(decimal=".")
GERMAN = Notation("Europe/Berlin", dates=("%d.%m.%Y", "%d.%m.%Y %H:%M"))


@pytest.mark.parametrize(
    ("text", "notation", "amount"),
    [
        ("9,90", COMMA, "9.90"),
        ("1.234,50", COMMA, "1234.50"),
        ("1.234", COMMA, "1234"),
        ("-1 234 567,8", COMMA, "-1234567.8"),
        ("1\u202f234,5", COMMA, "1234.5"),
        ("12", COMMA, "12"),
        (",5", COMMA, "0.5"),
        (" 9,90 ", COMMA, "9.90"),
        ("1,234.50", POINT, "1234.50"),
        ("1'234.50", POINT, "1234.50"),
        ("9.9", POINT, "9.9"),
    ],
)
def test_amounts_are_read_as_declared(text: str, notation: Notation, amount: str) -> None:
    assert parsed("orders", "shipping_amount", text, notation) == (Decimal(amount), [])


@pytest.mark.parametrize(
    ("text", "notation"),
    [
        *((text, COMMA) for text in ("9.90", "1.23,4", "1,2,3", "12.345.67", "€ 9,90", "neun", "1e3", "1..234", "-")),
        *((text, POINT) for text in ("9,90", "1,23.4", "1.2.3", "1.234,50")),
    ],
)
def test_what_is_written_otherwise_is_refused(text: str, notation: Notation) -> None:
    assert parsed("orders", "shipping_amount", text, notation) == (None, ["as_declared"])


def test_without_a_declaration_a_comma_is_no_number() -> None:
    assert parsed("orders", "shipping_amount", "9,90", Notation()) == (None, ["a_number"])


def test_units_and_rates_are_numbers_too() -> None:
    assert parsed("stock", "quantity", "1.200", COMMA) == (1200, [])
    assert parsed("stock", "quantity", "1,5", COMMA) == (None, ["a_whole_number"])
    assert parsed("fx_rates", "rate", "0,96", COMMA) == (Decimal("0.96"), [])
    assert parsed("orders", "shipping_amount", "1,23456", COMMA) == (None, ["at_most_4_decimals"])


@given(
    st.decimals(min_value=-(10**11) + 1, max_value=10**11 - 1, places=4),
    st.sampled_from([(",", "."), (",", "'"), (",", " "), (",", "\u00a0"), (".", ","), (".", "’"), (".", "")]),
)
def test_any_amount_comes_back_exactly(amount: Decimal, signs: tuple[str, str]) -> None:
    decimal, apart = signs
    text = f"{amount:,f}".replace(",", "\0").replace(".", decimal).replace("\0", apart)
    assert parsed("orders", "shipping_amount", text, Notation(decimal=decimal)) == (amount, [])


def test_typed_values_are_not_written_and_stay_as_they_are() -> None:
    frame = pl.DataFrame({"shipping_amount": [1.5], "placed_at": [datetime(2026, 7, 1, 12)]})
    result = parse(CONTRACTS["orders"], frame, Notation("Europe/Berlin", ",", ("%d.%m.%Y",)))
    assert result.failures == {}
    assert result.frame["shipping_amount"][0] == Decimal("1.5")


@pytest.mark.parametrize(
    ("text", "notation", "instant"),
    [
        ("27.11.2026 23:30", GERMAN, datetime(2026, 11, 27, 22, 30)),
        ("27.11.2026", GERMAN, datetime(2026, 11, 26, 23)),
        ("2026-11-27T23:30:00Z", GERMAN, datetime(2026, 11, 27, 23, 30)),
        # clocks go back at 03:00 on 25 October: 02:30 happens twice, and the first one is meant
        ("25.10.2026 02:30", GERMAN, datetime(2026, 10, 25, 0, 30)),
        ("11/27/2026 01:05 PM", Notation("UTC", dates=("%m/%d/%Y %I:%M %p",)), datetime(2026, 11, 27, 13, 5)),
        ("271126", Notation("UTC", dates=("%d%m%y",)), datetime(2026, 11, 27)),
        (
            "27 Nov 26 01:02:03.5",
            Notation("UTC", dates=("%d %b %y %H:%M:%S.%f",)),
            datetime(2026, 11, 27, 1, 2, 3, 500_000),
        ),
        ("27.11.2026 10:00:00 +0200", Notation(dates=("%d.%m.%Y %H:%M:%S %z",)), datetime(2026, 11, 27, 8)),
    ],
)
def test_instants_are_read_by_a_declared_form_or_as_iso(text: str, notation: Notation, instant: datetime) -> None:
    assert parsed("orders", "placed_at", text, notation) == (instant, [])


def test_the_first_form_that_fits_counts() -> None:
    forms = Notation("UTC", dates=("%d/%m/%Y", "%m/%d/%Y"))
    assert parsed("orders", "placed_at", "03/04/2026", forms)[0] == datetime(2026, 4, 3)
    assert parsed("orders", "placed_at", "03/14/2026", forms)[0] == datetime(2026, 3, 14)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("31.02.2026", "an_instant"),
        ("27.11.26", "an_instant"),
        ("11/27/2026", "an_instant"),
        ("29.03.2026 02:30", "in_clock_gap"),
    ],
)
def test_an_instant_of_no_form_is_refused(text: str, rule: str) -> None:
    assert parsed("orders", "placed_at", text, GERMAN) == (None, [rule])


def test_a_local_time_still_needs_a_zone() -> None:
    assert parsed("orders", "placed_at", "27.11.2026", Notation(dates=("%d.%m.%Y",))) == (None, ["has_offset"])


def test_days_are_read_by_the_same_forms() -> None:
    assert parsed("fx_rates", "rate_date", "27.11.2026", GERMAN) == (date(2026, 11, 27), [])


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        ("%d.%m", "needs a year, a month and a day"),
        ("DD.MM.YYYY", "needs a year, a month and a day"),
        ("%d.%m.%Q", "%Q is not a known directive"),
        ("%d.%m.%Y %I:%M", "12-hour directive and meridiem"),
        ("%d.%m.%Y %S", "no hours directive"),
        ("%d.%m.%Y %H:%M:%S%f", "needs a point before it"),
    ],
)
def test_a_form_that_cannot_be_read_by_is_refused(form: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        checked_form(form)
