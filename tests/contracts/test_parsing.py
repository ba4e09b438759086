"""Tests of parsing: text becomes contract types exactly, or is refused."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.notation import Notation
from orderhouse.contracts.parsing import parse

from tests.contracts.one_value import parsed

INSTANTS = [
    ("2026-01-02T03:04:05Z", None, datetime(2026, 1, 2, 3, 4, 5)),
    ("2026-01-02T03:04:05.123456789Z", None, datetime(2026, 1, 2, 3, 4, 5, 123456)),
    ("2026-01-02 03:04:05.5+01:00", None, datetime(2026, 1, 2, 2, 4, 5, 500000)),
    ("2026-01-02T03:04:05-0330", None, datetime(2026, 1, 2, 6, 34, 5)),
    ("2026-01-02T03:04+02", None, datetime(2026, 1, 2, 1, 4)),
    ("2026-07-02 03:04:05", "Europe/London", datetime(2026, 7, 2, 2, 4, 5)),
    ("2026-07-02", "America/Sao_Paulo", datetime(2026, 7, 2, 3, 0)),
    ("2026-07-02T03:04:05Z", "Europe/London", datetime(2026, 7, 2, 3, 4, 5)),
    # clocks go back at 02:00 on 25 October: 01:30 happens twice, and the first one is meant
    ("2026-10-25 01:30:00", "Europe/London", datetime(2026, 10, 25, 0, 30)),
]


@pytest.mark.parametrize(("text", "zone", "expected"), INSTANTS)
def test_instants_are_stored_in_utc(text: str, zone: str | None, expected: datetime) -> None:
    assert parsed("orders", "placed_at", text, Notation(zone)) == (expected, [])


NO_INSTANTS = [
    ("2026-02-30T00:00:00Z", None, "exists"),
    ("2026-01-02T25:00:00Z", None, "exists"),
    ("2026-02-30 00:00:00", "Europe/London", "exists"),
    ("2026-01-02T03:04:05+19:00", None, "exists"),
    ("2026-01-02T03:04:05", None, "has_offset"),
    ("02/01/2026", None, "an_instant"),
    ("2026-1-2T03:04:05Z", None, "an_instant"),
    ("1767322800", None, "an_instant"),
    ("0000-06-01T00:00:00Z", None, "in_calendar"),
    ("0001-01-01T00:00:00+01:00", None, "in_calendar"),
    ("9999-12-31T23:30:00-01:00", None, "in_calendar"),
    ("9999-12-31 23:30:00", "America/New_York", "in_calendar"),
    # clocks go forward at 01:00 on 29 March: 01:30 does not happen
    ("2026-03-29 01:30:00", "Europe/London", "in_clock_gap"),
    ("2026-03-29 01:30", "Europe/London", "in_clock_gap"),
]


@pytest.mark.parametrize(("text", "zone", "rule"), NO_INSTANTS)
def test_what_is_no_instant_is_said_not_to_be(text: str, zone: str | None, rule: str) -> None:
    assert parsed("orders", "placed_at", text, Notation(zone)) == (None, [rule])


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
def test_the_first_and_the_last_instant_of_the_calendar_are_instants(text: str) -> None:
    assert parsed("orders", "placed_at", text, Notation(None)) == (
        datetime.fromisoformat(text).replace(tzinfo=None), [],
    )  # fmt: skip


def test_days_and_typed_instants_are_in_the_calendar_too() -> None:
    assert parsed("fx_rates", "rate_date", "0000-06-01") == (None, ["in_calendar"])
    typed = pl.Series([-62_135_596_800_000_001, 253_402_300_800_000_000]).cast(pl.Datetime("us"))
    failures = parse(CONTRACTS["orders"], pl.DataFrame({"placed_at": typed}), Notation(None)).failures
    assert failures["placed_at|in_calendar"].to_list() == [True, True]


@pytest.mark.parametrize("text", ["12.34", "+12.34", "0012.3400", "12.34000000"])
def test_amounts_are_exact(text: str) -> None:
    assert parsed("payments", "amount", text) == (Decimal("12.34"), [])


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("12.34001", "at_most_4_decimals"),
        ("100000000000", "in_range"),
        ("-4006381333931", "in_range"),
        ("1,000.00", "a_number"),
        ("12,34", "a_number"),
        ("1e2", "a_number"),
        ("€5", "a_number"),
        ("NaN", "a_number"),
        (".", "a_number"),
    ],
)
def test_what_is_no_amount_is_never_rounded_into_one(text: str, rule: str) -> None:
    assert parsed("payments", "amount", text) == (None, [rule])


@given(st.decimals(min_value=-(10**11) + 1, max_value=10**11 - 1, places=4))
def test_every_amount_survives_as_it_is(amount: Decimal) -> None:
    assert parsed("payments", "fee_amount", f"{amount:f}") == (amount, [])


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))
def test_every_instant_survives_as_it_is(moment: datetime) -> None:
    assert parsed("orders", "placed_at", moment.isoformat() + "Z") == (moment, [])


@given(st.text(alphabet="0123456789.-+TZ: eE", max_size=20))
def test_nothing_is_accepted_that_decimal_would_not_accept(text: str) -> None:
    value, broken = parsed("payments", "fee_amount", text.strip() or "x")
    if not broken:
        assert value == Decimal(text)


@pytest.mark.parametrize(("text", "expected"), [("TRUE", True), ("0", False), ("yes", True), ("n", False)])
def test_flags(text: str, expected: bool) -> None:
    assert parsed("orders", "is_test", text) == (expected, [])


def test_a_flag_that_is_none_is_said_not_to_be() -> None:
    assert parsed("orders", "is_test", "maybe") == (None, ["true_or_false"])


@pytest.mark.parametrize(
    ("text", "expected", "rules"),
    [
        ("2026-02-28", date(2026, 2, 28), []),
        ("2026-02-30", None, ["exists"]),
        ("28.02.2026", None, ["a_date"]),
    ],
)
def test_days(text: str, expected: date | None, rules: list[str]) -> None:
    assert parsed("fx_rates", "rate_date", text) == (expected, rules)


@pytest.mark.parametrize(
    ("text", "expected", "rules"),
    [
        ("3", 3, []),
        ("3.0", 3, []),
        ("3.5", None, ["a_whole_number"]),
        ("999999999", 999_999_999, []),
        ("1000000000", None, ["in_range"]),
        ("4006381333931.0", None, ["in_range"]),
        ("99999999999999999999", None, ["in_range"]),
    ],
)
def test_units(text: str, expected: int | None, rules: list[str]) -> None:
    assert parsed("order_lines", "quantity", text) == (expected, rules)


def test_typed_values_are_held_to_the_same_limits() -> None:
    amounts = pl.Series("unit_price", ["99999999999.9999", "100000000000", None]).cast(pl.Decimal(18, 4))
    frame = pl.DataFrame({"quantity": [10**9 - 1, 10**9, None], "unit_price": amounts})
    failures = parse(CONTRACTS["order_lines"], frame, Notation()).failures
    assert {rule: mask.to_list() for rule, mask in failures.items()} == {
        "quantity|in_range": [False, True, False],
        "unit_price|in_range": [False, True, False],
    }


def test_codes_are_compared_in_capitals() -> None:
    assert parsed("orders", "currency", "eur") == ("EUR", [])


def test_typed_values_of_parquet_files_are_taken_without_a_float() -> None:
    frame = pl.DataFrame({"amount": [12.34, 0.1 + 0.2]})
    result = parse(CONTRACTS["payments"], frame, Notation())
    assert result.frame["amount"].to_list() == [Decimal("12.34"), None]
    assert list(result.failures) == ["amount|at_most_4_decimals"]


def test_a_day_written_as_its_first_instant_is_that_day_and_another_instant_is_none() -> None:
    written = [
        "2026-01-02",
        "2026-01-02 00:00:00.000",
        "2026-01-02T00:00",
        "2026-01-02 00:00:01",
        "2026-01-02 00:00:00Z",
    ]
    parsed = parse(CONTRACTS["fx_rates"], pl.DataFrame({"rate_date": written}), Notation())
    assert parsed.frame["rate_date"].to_list() == [date(2026, 1, 2)] * 3 + [None] * 2
    assert parsed.failures["rate_date|a_date"].to_list() == [False] * 3 + [True] * 2


def test_zero_may_be_written_without_its_first_digit() -> None:
    parsed = parse(CONTRACTS["stock"], pl.DataFrame({"quantity": [".00", "3.00", "-.0", ".5", "."]}), Notation())
    assert parsed.frame["quantity"].to_list() == [0, 3, 0, None, None]
    assert parsed.failures["quantity|a_whole_number"].to_list() == [False, False, False, True, True]


NEARLY_AN_INSTANT = st.tuples(
    st.sampled_from(["2026-01-02T03:04:05", "2024-02-29T23:59:59", "1901-12-31T00:00:00", "2026-03-29T02:30:00"]),
    st.lists(st.tuples(st.integers(0, 18), st.sampled_from("0123456789 +-:TtZz.\t\x00٣")), max_size=3),
    st.sampled_from(["", "Z", "0", "+01"]),
)


@given(NEARLY_AN_INSTANT, st.sampled_from([None, "Europe/Berlin"]))
def test_an_instant_is_parsed_alike_whatever_stands_in_other_rows(
    nearly: tuple[str, list[tuple[int, str]], str], zone: str | None
) -> None:
    characters, ending = list(nearly[0]), nearly[2]
    for place, character in nearly[1]:
        characters[place] = character
    text = "".join(characters).strip() + ending
    # beside a value of another form nothing is read the fast way
    frame = pl.DataFrame({"placed_at": [text, "2026-01-02T03:04:05.5+01:00"]})
    alone, together = (parse(CONTRACTS["orders"], rows, Notation(zone)) for rows in (frame.head(1), frame))
    assert alone.frame["placed_at"][0] == together.frame["placed_at"][0]
    assert {rule for rule, mask in alone.failures.items() if mask[0]} == {
        rule for rule, mask in together.failures.items() if mask[0]
    }


@example("٣")
@given(st.text("0123456789+-_ .,eE\t\n٣x", max_size=22))
def test_only_digits_are_a_whole_number(text: str) -> None:
    value, rules = parsed("order_lines", "quantity", text)
    written = re.fullmatch(r"([+-]?)(?:([0-9]+)(?:\.0*)?|\.0+)", text.strip())
    if text.strip() and not written:
        assert (value, rules) == (None, ["a_whole_number"])
    elif written and not rules:
        assert value == int(f"{written[1]}{written[2] or 0}")


@example("٣")
@given(st.text("0123456789+-_ .,eE\t\n٣x", max_size=22))
def test_an_amount_is_read_or_said_to_be_none_and_never_lost(text: str) -> None:
    value, rules = parsed("payments", "amount", text)
    written = re.fullmatch(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)", text.strip())
    if text.strip():
        assert (value is None) == bool(rules)
        assert written or "a_number" in rules
        assert value is None or value == Decimal(text.strip())


@given(st.lists(st.none() | st.sampled_from(["0", "1.5", "007.25", "-3", "1e3", "x", "1.23456", " 2 "]), min_size=1))
def test_an_amount_is_parsed_alike_whatever_stands_in_other_rows(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"amount": texts}, schema={"amount": pl.String()})
    together = parse(CONTRACTS["payments"], frame, Notation())
    for place, text in enumerate(texts):
        if text is None:
            assert together.frame["amount"][place] is None
            continue
        alone, broken = parsed("payments", "amount", text)
        assert together.frame["amount"][place] == alone
        assert {rule.split("|")[1] for rule, mask in together.failures.items() if mask[place]} == set(broken)
