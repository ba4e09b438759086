"""Tests of personal values in columns where none belong: they are counted and said, or their rows are quarantined."""

from __future__ import annotations

import json

import pytest

from tests.ingest.landing import LINES_HEADER, Landing, line

EVIL = line(2).replace("sku2", "anna@example.com") + line(3).replace("sku3", "+49 170 1234567")


def declare(landing: Landing, what: str) -> None:
    landing.declare(f"sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    personal_values: {what}\n")


def test_values_that_look_personal_are_counted_per_file_and_column(landing: Landing) -> None:
    landing.write("feeds/order_lines_a.csv", LINES_HEADER + line(1) + EVIL)
    landing.write("feeds/order_lines_b.csv", LINES_HEADER + line(4))
    notes = [note for note in landing.ingest().notes if "order_lines.sku" in note]
    assert len(notes) == 1
    assert "feeds/order_lines_a.csv: 2 values look like e-mail addresses or telephone numbers" in notes[0]
    assert "anna" not in notes[0]
    assert landing.query("select count(*) from raw.order_lines") == [(4,)]


def test_rows_with_such_values_are_quarantined_where_the_source_says_so(landing: Landing) -> None:
    declare(landing, "quarantine")
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1) + EVIL)
    assert not [note for note in landing.ingest().notes if "look like" in note]
    assert landing.query("select order_id from raw.order_lines") == [("o1",)]
    found = landing.quarantined()
    assert [(record, rules) for _, record, rules, _ in found] == [(n, json.dumps(["sku|not_personal"])) for n in (3, 4)]
    assert "anna" not in str(found) + str(landing.query("select row_json from raw.quarantine"))


@pytest.mark.parametrize("sku", ["sku-1", "4006381333931", "2026-01-02", "A/B 12.5", "1-800", "+5"])
def test_codes_and_numbers_are_no_personal_values(landing: Landing, sku: str) -> None:
    declare(landing, "quarantine")
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1).replace("sku1", sku))
    landing.ingest()
    assert landing.quarantined() == []


def test_source_may_allow_such_values(landing: Landing) -> None:
    declare(landing, "allow")
    landing.write("feeds/order_lines.csv", LINES_HEADER + EVIL)
    assert not [note for note in landing.ingest().notes if "look like" in note]
    assert landing.query("select count(*) from raw.order_lines") == [(2,)]
