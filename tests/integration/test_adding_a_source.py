"""Tests of the page about adding a source: its files, its sources file and its numbers are taken from it and run."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.integration.running import PROJECT, published_file, run_orderhouse

PAGE = PROJECT / "docs" / "adding_a_source.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the files that the page shows, in the encodings that it names."""
    found = tmp_path_factory.mktemp("till")
    shown = re.findall(r"^`([^`\n]+)`:\n\n```\w+\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert [name for name, _ in shown][-1] == "sources.yaml"
    for name, content in shown:
        path = found / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("latin-1" if "till" in name else "utf-8"))
    return found


def check(folder: Path, *arguments: str, declared: str | None = None) -> str:
    """Return the output of `sources check`, for other declarations if given."""
    sources = folder / "sources.yaml"
    if declared is not None:
        sources = folder / "first_try.yaml"
        sources.write_text(declared, encoding="utf-8")
    return run_orderhouse("sources", "check", *arguments, "--sources", str(sources), home=folder / "home")


def test_the_first_try_says_which_key_is_missing(folder: Path) -> None:
    start = (
        "sources:\n  till_orders:\n    format: canonical\n    feed: orders\n    path: landing/till/bestellungen-*.txt\n"
    )
    said = check(folder, declared=start)
    assert "which is not UTF-8" in said
    assert "encoding: latin-1" in said
    readable = start + "    encoding: latin-1\n"
    said = check(folder, declared=readable)
    assert "has no columns order_id" in said
    said = check(folder, declared=readable + "    columns: {Nr: order_id, Datum: placed_at}\n")
    assert "has no columns updated_at, currency" in said
    assert "check again" in said
    renamed = readable + "    columns: {Nr: order_id, Datum: [placed_at, updated_at]}\n"
    said = check(folder, declared=renamed)
    assert "has no column currency" in said
    whole = renamed + "    constants: {currency: CHF}\n"
    said = check(folder, declared=whole)
    assert "placed_at '28.03.2026 14:03' is not an ISO-8601 instant" in said
    said = check(folder, declared=whole + '    dates: "%d.%m.%Y %H:%M"\n')
    assert "delimiter ';' (found out)" in said
    assert "has no UTC offset, and the source declares no time_zone" in said
    assert "bestellungen-2026-03-28.txt:2" in said
    assert "not used: Ort, Kasse" in said


def test_the_finished_sources_leave_nothing_to_say(folder: Path) -> None:
    said = check(folder)
    assert "unmapped words" not in said
    assert said.count("0 to quarantine") == 4
    assert "TILL-4711" in said
    assert "fx_rates: 4 rows" in said


def test_the_numbers_of_the_page_come_out(folder: Path) -> None:
    run_orderhouse("run", "--sources", str(folder / "sources.yaml"), "--as-of", "data", home=folder / "home")
    with duckdb.connect(str(published_file(folder / "home")), read_only=True) as published:
        orders = published.execute(
            "select order_id, payment_status, captured_amount, refunded_amount, placed_at::varchar "
            "from marts.fct_orders order by order_id"
        ).fetchall()
        sales = published.execute(
            "select sum(gross_sales_amount), round(sum(gross_sales_amount_reporting), 2) from marts.fct_revenue_daily "
            "where recognition_clock = 'placed' and gross_sales_amount <> 0"
        ).fetchall()
        missing = published.execute("select count(*) from marts.fct_exceptions where code = 'unmapped_word'").fetchall()
    assert orders == [
        ("TILL-4711", "paid", Decimal("31.80"), Decimal("0"), "2026-03-28 13:03:00"),
        ("TILL-4712", "refunded", Decimal("9.90"), Decimal("9.90"), "2026-03-28 14:40:00"),
    ]
    # 41.70 / 0.96 = 43.4375
    assert sales == [(Decimal("41.70"), Decimal("43.44"))]
    assert missing == [(0,)]
