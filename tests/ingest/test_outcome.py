"""Tests of what an ingest says and with which code it ends: nothing taken, moved folders, and rows left out by rule."""

from __future__ import annotations

from tests.ingest.landing import PAYMENTS_HEADER, Landing, report
from tests.integration.running import run_orderhouse

GOOD = "p1,o1,captured,5,EUR,2026-01-02T03:04:05Z\n"
BAD = "p1,o1,captured,five,EUR,2026-01-02T03:04:05Z\np2,o1,captured,6,EURO,2026-01-02T03:04:05Z\n"


def test_a_source_whose_rows_are_all_quarantined_is_said_first_and_ends_with_2(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + BAD)
    landing.write("feeds/orders.csv", "nothing\nof use\n")
    said = _ingest(landing, expect=2)
    assert said.startswith("Nothing of source shop was taken: 1 file refused and 2 rows in quarantine.\n")
    assert "Nothing of shop was taken, as said above." in said
    landing.write("feeds/payments_2.csv", PAYMENTS_HEADER + GOOD)
    assert "Nothing of" not in _ingest(landing, expect=0)


def test_an_empty_file_or_one_good_row_is_something(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS_HEADER)
    landing.write("feeds/payments_2.csv", PAYMENTS_HEADER + BAD)
    assert landing.ingest().taken_nothing == {}
    landing.write("feeds/payments_3.csv", PAYMENTS_HEADER + BAD + GOOD)
    assert landing.ingest().taken_nothing == {}


def test_a_moved_landing_folder_is_one_sentence(landing: Landing) -> None:
    for number in range(4):
        landing.write(f"feeds/payments_{number}.csv", PAYMENTS_HEADER + GOOD.replace("p1", f"p{number}"))
    landing.ingest()
    (landing.folder / "feeds").rename(landing.folder / "moved")
    landing.declare(landing.sources_file.read_text().replace("feeds/*", "moved/*"))
    result = landing.ingest()
    assert result.count("skipped") == 4
    assert report(result, "moved/payments_3.csv").status == "skipped"
    (note,) = result.notes
    assert note.startswith("Source shop: 4 files were loaded before under other names and skipped, such as moved/")


def test_rows_are_left_out_by_the_rule_that_they_break(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + GOOD + BAD)
    landing.ingest()
    given = ("--rule", "currency|iso_4217", "--why", "a test of the till", "--yes")
    said = run_orderhouse("quarantine", "discard", *given, home=landing.folder / "home")
    assert "1 matching row in quarantine." in said
    assert "1 row discarded." in said
    states = "select list(state order by state) from raw.quarantined_rows"
    assert landing.query(states) == [(["discarded", "open"],)]
    nothing = run_orderhouse("quarantine", "discard", "--why", "no rows", home=landing.folder / "home", expect=2)
    assert "Name rows by their ids, or all open rows by `--rule`" in nothing


def _ingest(landing: Landing, expect: int) -> str:
    given = ("ingest", "--sources", str(landing.sources_file))
    return run_orderhouse(*given, home=landing.folder / "home", expect=expect)
