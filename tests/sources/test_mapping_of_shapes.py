"""Tests of files in other shapes: sheets, fields of fixed widths, white space, cut columns, and promises as days."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import FileRejected
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.sources.recognition import describe_kind

from tests.sources.format_reading import file_of, read, screened, source_of

PAID: dict[str, Any] = {"feed": "payments", "constants": {"kind": "captured", "currency": "EUR"}, "time_zone": "UTC"}
FIXED = PAID | {
    "widths": [4, 3, 10, 8],
    "columns": {"id": "payment_id", "ord": "order_id", "day": "occurred_at", "value": "amount"},
    "encoding": "latin-1",
}
FIXED_ROWS = (
    "id  ordday       value   \nZ1  é1 2026-01-02    5.00\n\nZ2  b2 2026-01-0312345.67\nZ3  b3 2026-01-03 1234567.89\n"
)


def test_fields_of_fixed_widths_are_cut_by_characters_and_long_lines_are_kept_apart() -> None:
    found = read("canonical", file_of(FIXED_ROWS.encode("latin-1")), **FIXED)
    rows = screened(found, "payments", "canonical", **FIXED).accepted
    assert rows.select("payment_id", "order_id", pl.col("amount").cast(pl.String), "_record").rows() == [
        ("Z1", "é1", "5.0000", 2),
        ("Z2", "b2", "12345.6700", 4),
    ]
    (long,) = [each for part in found for each in part.malformed]
    assert (long.record, long.rule, long.reason) == (
        5,
        "fields_match_header",
        "the line has 28 characters, its fields 25",
    )


def test_a_file_of_lines_without_header_takes_the_names_of_its_list() -> None:
    columns = ["payment_id", "order_id", "occurred_at", "amount"]
    rows = FIXED_ROWS.split("\n")[1].encode("latin-1")
    declared = FIXED | {"header": False, "columns": columns}
    assert (
        screened(read("canonical", file_of(rows), **declared), "payments", "canonical", **declared).accepted.height == 1
    )
    with pytest.raises(FileRejected, match="`widths` has 4 fields, `columns` 3"):
        read("canonical", file_of(rows), **declared | {"columns": columns[:3]})


def test_fields_with_white_space_between_them_are_read_and_others_kept_apart() -> None:
    declared = PAID | {
        "delimiter": "whitespace",
        "header": False,
        "columns": ["order_id", "occurred_at", "_", "amount"],
        "dates": "%Y%m%d",
        "ids": {"payment_id": ["order_id", "_position"]},
    }
    text = " 00001 19970101  1   11.77\n 00002 19970112  1  12.00\r\n 00002 19970112  5  77\n 00003 19970102 20.76\n"
    found = read("canonical", file_of(text), **declared)
    rows = screened(found, "payments", "canonical", **declared).accepted
    assert rows["payment_id"].to_list() == ["00001:1", "00002:1", "00002:2"]
    assert rows["amount"].cast(pl.String).to_list() == ["11.7700", "12.0000", "77.0000"]
    assert [(each.record, each.reason) for part in found for each in part.malformed] == [
        (4, "the record has 3 fields, the header 4")
    ]
    assert describe_kind(source_of("canonical", **declared), file_of(text)) == "text, white space"


def test_lines_keep_their_numbers_from_block_to_block() -> None:
    declared = PAID | {
        "delimiter": "whitespace",
        "columns": {"p": "payment_id", "o": "order_id", "t": "occurred_at", "a": "amount"},
    }
    text = "p o t a\n" + "".join(f"p{n:030} o{n:030} 2026-01-02 {n}.00\n" for n in range(2, 120_000))
    frames = [each.frame for each in read("canonical", file_of(text), **declared)]
    assert len(frames) > 1
    rows = pl.concat(frames)
    assert (rows["amount"] == rows["_record"].cast(pl.String) + ".00").all()
    assert rows.height == 119_998


def test_a_sheet_by_name_is_read_from_the_row_of_its_header() -> None:
    declared = PAID | {"sheet": "Payments", "header_row": "3"}
    rows = [["Export of 2026"], [], ["payment_id", "order_id", "amount", "occurred_at"], ["p1", "o1", 5, "2026-01-02"]]
    file = file_of(_workbook({"Notes": [["nothing"]], "Payments": rows}))
    accepted = screened(read("canonical", file, **declared), "payments", "canonical", **declared).accepted
    assert accepted.select("payment_id", "_record").rows() == [("p1", 4)]
    assert describe_kind(source_of("canonical", **declared), file) == "Excel workbook, sheet Payments"
    with pytest.raises(FileRejected, match="no sheet Payment; it has Notes, Payments"):
        read("canonical", file, **declared | {"sheet": "Payment"})
    with pytest.raises(FileRejected, match="are for Excel workbooks, and this file is none"):
        read("canonical", file_of("payment_id\np1\n"), **declared)


PLACED: dict[str, Any] = {
    "feed": "orders",
    "time_zone": "Europe/Berlin",
    "dates": "%m/%d/%Y %H:%M",
    "columns": {"id": "order_id", "at": ["placed_at", "updated_at"]},
    "constants": {"currency": "EUR"},
    "parts": {"place": r"^(?<ship_postcode>[0-9]{5}) (?P<ship_city>.+)$"},
    "promise": {"after": "at", "by": "mode", "days": {"First Class": "1", "Same Day": "0"}},
}
PLACED_ROWS = (
    "id,at,mode,place\n"
    "a,1/31/2026 23:30,first class,10115 Berlin Mitte\n"
    "b,2/28/2026 00:10,Same Day,unknown\n"
    "c,2/28/2026 10:00,,\n"
    "d,2/28/2026 10:00,By pigeon,\n"
)


def test_a_promise_is_the_order_s_day_as_written_and_days_by_mode() -> None:
    found = screened(read("canonical", file_of(PLACED_ROWS), **PLACED), "orders", "canonical", **PLACED)
    assert found.accepted.select("order_id", "promised_at", "promise_is_date_only").rows() == [
        ("a", datetime(2026, 2, 1), True),
        ("b", datetime(2026, 2, 28), True),
        ("c", None, None),
    ]
    assert found.quarantined["rules"].to_list() == ['["promised_at|an_instant"]']


@pytest.mark.parametrize(
    ("promise", "days"),
    [
        ({"after": "at", "days": "3"}, [(2, 3), (3, 3), (3, 3), (3, 3)]),
        ({"after": "at", "by": "mode", "days": {"Same Day": 0, "*": 2}}, [(2, 2), (2, 28), None, (3, 2)]),
    ],
)
def test_days_of_a_promise_are_one_number_or_have_a_word_for_all_others(promise: Any, days: list[Any]) -> None:
    declared = PLACED | {"promise": promise}
    rows = screened(read("canonical", file_of(PLACED_ROWS), **declared), "orders", "canonical", **declared).accepted
    assert rows["promised_at"].to_list() == [each and datetime(2026, *each) for each in days]


def test_a_column_with_the_days_of_a_promise_needs_no_words() -> None:
    declared = PLACED | {"promise": {"after": "at", "by": "mode"}}
    rows = PLACED_ROWS.replace("first class", "4")
    found = screened(read("canonical", file_of(rows), **declared), "orders", "canonical", **declared)
    assert found.accepted["promised_at"].to_list() == [datetime(2026, 2, 4), None]


def test_a_named_pattern_cuts_our_columns_from_one_of_theirs() -> None:
    (found,) = read("canonical", file_of(PLACED_ROWS), **PLACED)
    assert found.frame.select("ship_postcode", "ship_city").rows()[:2] == [("10115", "Berlin Mitte"), (None, None)]
    assert found.ignored == ()
    with pytest.raises(FileRejected, match="no column place, from which `parts` cuts ship_postcode, ship_city"):
        read("canonical", file_of(PLACED_ROWS.replace("place", "where")), **PLACED)
    with pytest.raises(FileRejected, match="no column mode, from which `promise` counts"):
        read("canonical", file_of(PLACED_ROWS.replace("mode", "how")), **PLACED)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("parts: {place: '(?<ship_city>.+'}", "place: "),
        ("parts: {place: '.+'}", "place: a pattern names our columns in its groups"),
        ("parts: {place: '(?<ship_town>.+)'}", "there is no column of orders 'ship_town'"),
        ("promise: {after: at}", "give `days` as one number, or `by`"),
        ("promise: {after: at, by: mode, days: 3}", "give `days` as one number, or `by`"),
        ("promise: {aftr: at, days: 3}", "has no key 'aftr'; did you mean 'after'?"),
        ("widths: [3, 0]", "widths"),
        ("header_row: 0", "header_row"),
    ],
)
def test_a_mistake_in_a_shape_is_named_with_its_line(tmp_path: Path, declared: str, message: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(f"sources:\n  shop:\n    format: canonical\n    feed: orders\n    path: x\n    {declared}\n")
    with pytest.raises(OrderhouseError) as caught:
        load_sources(path)
    assert message in str(caught.value)
    assert f"{path}:6" in str(caught.value)


def _workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()
