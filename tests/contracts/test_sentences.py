"""Tests of messages about bad values: the part that may be shown, and texts that look like personal data."""

from __future__ import annotations

import polars as pl
import pytest
from orderhouse.contracts.sentences import HARMLESS, LOOKS_PERSONAL, looks_like_data


def fits(pattern: str, text: str) -> bool:
    return bool(pl.Series([text]).str.contains(pattern)[0])


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "1.5",
        "1e3",
        "0.123456",
        "2026-01-02",
        "2026-01-02T03:04:05Z",
        "2026-13-01 10:00",
        "31/12/2026",
        "XXX",
        "Ten",
    ],
)
def test_what_can_be_nobody_s_is_shown(text: str) -> None:
    assert fits(HARMLESS, text)


@pytest.mark.parametrize(
    "text",
    [
        "Wilhelmine",
        "Ada",
        "QUARK",
        "+49 171 5550123",
        "01715550123",
        "491715550123",
        "anna@example.com",
        "5550123",
        "030.5550123",
        "",
    ],
)
def test_what_could_be_somebody_s_is_not(text: str) -> None:
    assert not fits(HARMLESS, text)


@pytest.mark.parametrize(
    "text",
    [
        "anna@example.com",
        "+49 171 5550123",
        "+491715550123",
        "(030) 5550123",
        "0171-555 0123",
        "01 23 45 67 89",
        "555-123-4567",
    ],
)
def test_addresses_and_numbers_are_recognised(text: str) -> None:
    assert fits(LOOKS_PERSONAL, text)


@pytest.mark.parametrize(
    "text",
    [
        "out for delivery",
        "sale/success",
        "2026-01-02",
        "01.02.2026",
        "01234-5678",
        "O-0001234",
        "000123456789",
        "1Z999AA10123456784",
    ],
)
def test_words_dates_and_identifiers_are_not_taken_for_them(text: str) -> None:
    assert not fits(LOOKS_PERSONAL, text)


def test_a_header_is_told_from_a_line_of_data() -> None:
    assert not looks_like_data(["order_id", "Order Number", "2nd address", "e-mail"])
    for value in ("12", "2026-01-02T03:04:05Z", "anna@example.com", "+49 171 5550123"):
        assert looks_like_data(["o1", value])
