"""A file without header is read by a list of our columns, in which a place may be left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.sources.config import load_sources
from orderhouse.sources.files import FileRejected

from tests.sources.format_reading import file_of, read, screened

RATES = "1\t2026-01-02 00:00:00.000\tUSD\tEUR\t.95\tx\n2\t2026-01-03 00:00:00.000\tUSD\tEUR\t.96\ty\n"


@pytest.mark.parametrize("gap", ["_", "", None])
def test_a_place_left_out_takes_nothing_and_is_reported(gap: str | None) -> None:
    declared = {
        "feed": "fx_rates",
        "header": False,
        "delimiter": "tab",
        "columns": [gap, "rate_date", "base", "quote", "rate", gap],
    }
    found = read("canonical", file_of(RATES), **declared)
    rows = screened(found, "fx_rates", "canonical", **declared)
    assert [(str(day), str(rate)) for day, rate in rows.accepted.select("rate_date", "rate").rows()] == [
        ("2026-01-02", "0.95000000"),
        ("2026-01-03", "0.96000000"),
    ]
    assert found[0].ignored == ("column_1", "column_6")


def test_a_required_column_that_the_list_leaves_out_is_named() -> None:
    declared = {"feed": "fx_rates", "header": False, "columns": ["_", "rate_date", "base", "quote", "_", "_"]}
    with pytest.raises(FileRejected, match="no column rate, which fx_rates requires"):
        read("canonical", file_of(RATES), **declared)


def test_a_list_that_names_a_column_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(
        "sources:\n  rates:\n    format: canonical\n    feed: fx_rates\n    path: x\n    header: false\n"
        "    columns: [_, base, base, _]\n"
    )
    with pytest.raises(OrderhouseError, match=r"yaml:7: source rates: columns: the list names the column 'base' twice"):
        load_sources(path)


def test_order_numbers_get_their_prefix_wherever_they_stand() -> None:
    declared = {
        "feed": "orders",
        "order_id_prefix": "TILL-",
        "columns": {"Nr": "order_id", "statt": "original_order_id"},
    }
    text = "Nr,statt,placed_at,updated_at,currency\n2,1,2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EUR\n"
    rows = screened(read("canonical", file_of(text), **declared), "orders", "canonical", **declared)
    assert rows.accepted.select("order_id", "original_order_id").rows() == [("TILL-2", "TILL-1")]
