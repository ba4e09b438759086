"""Tests of files without header, read by a list of our columns, in which a place may be empty."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import FileRejected
from orderhouse.sources.config.sources_file import load_sources

from tests.sources.format_reading import file_of, read, screened, source_of

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


@pytest.mark.parametrize("has_header", [True, False])
def test_one_column_may_become_several_of_ours(has_header: bool) -> None:
    columns: Any = {"Nr": "order_id", "Datum": ["placed_at", "updated_at"]}
    if not has_header:
        columns = ["order_id", ["placed_at", "updated_at"], "_"]
    declared = {"feed": "orders", "header": has_header, "columns": columns, "constants": {"currency": "EUR"}}
    text = ("Nr,Datum,Kasse\n" if has_header else "") + "1,2026-01-02T03:04:05Z,9\n"
    found = read("canonical", file_of(text), **declared)
    rows = screened(found, "orders", "canonical", **declared).accepted
    assert rows.select("order_id", "placed_at", "updated_at").rows() == [("1", *[datetime(2026, 1, 2, 3, 4, 5)] * 2)]
    assert found[0].ignored == ("Kasse" if has_header else "column_3",)


MISTAKES = [
    ("columns: {a: {b: c}}", r"columns: a: a column becomes one of ours, or several: \[placed_at, updated_at\]"),
    ("columns: {a: []}", "a column becomes one of ours"),
    ("columns: {a: [rate, bass]}", "no column of fx_rates 'bass'; did you mean 'base'"),
    ("columns: [rate, [base, rate]]", "the list names the column 'rate' twice"),
    ("decimal: ';'", "decimal: it must be a comma or a point, in quotes"),
    ("dates: DD.MM.YYYY", "dates: 'DD.MM.YYYY' needs a year, a month and a day"),
]


@pytest.mark.parametrize(("line", "complaint"), MISTAKES)
def test_mistakes_are_answered_with_their_line(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(f"sources:\n  rates:\n    format: canonical\n    feed: fx_rates\n    path: x\n    {line}\n")
    with pytest.raises(OrderhouseError, match=rf"yaml:6: source rates: .*{complaint}"):
        load_sources(path)


def test_a_format_that_knows_its_notation_takes_no_other(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text("sources:\n  shop:\n    format: woocommerce_orders\n    path: x\n    decimal: ','\n")
    with pytest.raises(
        OrderhouseError, match=r"yaml:5: source shop: decimal: the format woocommerce_orders defines how its numbers"
    ):
        load_sources(path)


def test_a_new_key_changes_the_mapping_only_where_it_is_declared() -> None:
    plain, comma, dates = (
        source_of("canonical", **declared).mapping_version for declared in ({}, {"decimal": ","}, {"dates": "%d.%m.%Y"})
    )
    assert len({plain, comma, dates}) == 3
    assert plain == "dbbd94959b1d1dbb"


def test_order_numbers_get_their_prefix_wherever_they_stand() -> None:
    declared = {
        "feed": "orders",
        "order_id_prefix": "TILL-",
        "columns": {"Nr": "order_id", "statt": "original_order_id"},
    }
    text = "Nr,statt,placed_at,updated_at,currency\n2,1,2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EUR\n"
    rows = screened(read("canonical", file_of(text), **declared), "orders", "canonical", **declared)
    assert rows.accepted.select("order_id", "original_order_id").rows() == [("TILL-2", "TILL-1")]
