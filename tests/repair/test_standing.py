"""Tests of standing repairs: decisions by rule in `repairs.yaml` that also hold for later files."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError

from tests.ingest.landing import PAYMENTS_HEADER, Landing

REPAIRS = """
repairs:
  - {feed: payments, rule: currency|iso_4217, set: {currency: EUR}, why: the till writes EURO}
  - {feed: payments, source: shop, rule: amount|a_number, discard: yes, why: lines of totals}
"""


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    place = Landing(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    place.write("repairs.yaml", REPAIRS)
    return place


def _payment(number: int, amount: str = "5.00", currency: str = "EURO") -> str:
    return f"p{number},o1,captured,{amount},{currency},2026-01-02T03:04:05Z\n"


def test_a_standing_repair_holds_for_the_rows_of_later_files(landing: Landing) -> None:
    landing.write("feeds/payments_1.csv", PAYMENTS_HEADER + _payment(1) + _payment(2, "total", "EUR"))
    first = landing.ingest()
    assert "Repaired 1 row of payments by repairs.yaml, for currency|iso_4217: the till writes EURO." in first.notes
    assert "Left out 1 row of payments by repairs.yaml, for amount|a_number: lines of totals." in first.notes
    assert first.taken_nothing == {}
    landing.write("feeds/payments_2.csv", PAYMENTS_HEADER + _payment(3))
    landing.ingest()
    assert landing.query("select payment_id, currency from raw.payments order by all") == [("p1", "EUR"), ("p3", "EUR")]
    assert landing.query("select distinct made_by, why from raw.repairs order by all") == [
        ("repairs.yaml", "lines of totals"),
        ("repairs.yaml", "the till writes EURO"),
    ]
    again = landing.ingest()
    assert again.batch_id is None
    assert not [note for note in again.notes if "repairs.yaml" in note]


def test_a_row_that_breaks_another_rule_as_well_stays_in_quarantine(landing: Landing) -> None:
    landing.write("feeds/payments_1.csv", PAYMENTS_HEADER + _payment(1, "-5.00"))
    landing.ingest()
    landing.ingest()
    assert landing.query("select count(*) from raw.payments") == [(0,)]
    assert landing.query("select count(*) from raw.repairs") == [(1,)]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("{feed: payment, rule: a, set: {amount: 1}, why: b}", "there is no feed 'payment'; did you mean 'payments'?"),
        ("{feed: payments, rule: a, set: {amuont: 1}, why: b}", "'amuont'; did you mean 'amount'?"),
        ("{feed: payments, rule: a, why: b}", "give either `set` with values, or `discard: true`"),
        ("{feed: payments, rule: a, discard: yes}", "why: "),
        ("{feed: payments, rule: a, discard: yes, why: b, source: shpo}", "there is no source 'shpo'"),
    ],
)
def test_a_mistake_in_the_file_is_named(landing: Landing, declared: str, message: str) -> None:
    landing.write("repairs.yaml", f"repairs:\n  - {declared}\n")
    landing.write("feeds/payments_1.csv", PAYMENTS_HEADER + _payment(1))
    with pytest.raises(OrderhouseError) as caught:
        landing.ingest()
    assert message in str(caught.value)
    assert "repairs.yaml:" in str(caught.value)
