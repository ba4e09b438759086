"""Tests that the same rows load from every kind of file, each with its place in the file."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from openpyxl import Workbook
from orderhouse.files.source_files import local_file
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows

NAMES = ["order_id", "placed_at", "updated_at", "currency", "ship_city", "shipping_amount"]
ROWS = [
    ["o1", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", "EUR", "Köln", "4.90"],
    ["o2", "2026-01-03T03:04:05Z", "2026-01-03T03:04:05Z", "EUR", "Aix,\nen Provence", "0.10"],
    ["o3", "2026-01-04T03:04:05Z", "2026-01-04T03:04:05Z", "USD", 'The "City"', "100000.0001"],
]
PLAIN = [[*row[:4], "Köln", row[5]] for row in ROWS]


def csv_text(rows: list[list[str]], delimiter: str = ",", end: str = "\n", header: bool = True) -> str:
    """Return rows as CSV; fields are quoted where they must be."""

    def field(value: str) -> str:
        special = any(character in value for character in (delimiter, '"', "\n", "\r"))
        return '"' + value.replace('"', '""') + '"' if special else value

    lines = ([NAMES] if header else []) + rows
    return end.join(delimiter.join(field(value) for value in line) for line in lines) + end


def ndjson(rows: list[list[str]]) -> bytes:
    """Return rows as lines of JSON, the amount as a number."""
    lines = [json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False) for row in rows]
    return "\n".join(line.replace(f'"{row[5]}"', row[5]) for line, row in zip(lines, rows, strict=True)).encode()


def json_array(rows: list[list[str]]) -> bytes:
    """Return rows as a JSON array."""
    return b"[" + b",\n".join(ndjson(rows).split(b"\n")) + b"]"


def parquet(rows: list[list[str]]) -> bytes:
    """Return rows as Parquet with types."""
    frame = pl.DataFrame(rows, schema=NAMES, orient="row").with_columns(
        pl.col("placed_at", "updated_at").str.to_datetime(time_zone="UTC"),
        pl.col("shipping_amount").cast(pl.Decimal(12, 4)),
    )
    sink = io.BytesIO()
    frame.write_parquet(sink)
    return sink.getvalue()


def xlsx(rows: list[list[str]]) -> bytes:
    """Return rows as a workbook."""
    book = Workbook()
    for row in [NAMES, *rows]:
        book.active.append(row)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def read(path: Path, **declared: object) -> list[FeedRows]:
    """Read a file with the canonical format."""
    source = Source.model_validate({"format": "canonical", "feed": "orders", "path": str(path), **declared})
    return list(FORMATS["canonical"].read(source, [local_file(path)]))


def rows_of(found: list[FeedRows]) -> tuple[list[list[object]], list[int]]:
    """Return values and places."""
    frame = pl.concat([rows.frame for rows in found if rows.frame.height])
    values = frame.select(
        pl.col(name).dt.to_string("%Y-%m-%dT%H:%M:%SZ")
        if frame.schema[name].is_temporal()
        else pl.col(name).cast(pl.String)
        for name in NAMES
    )
    return [list(row) for row in values.iter_rows()], frame["_record"].to_list()


KINDS: list[tuple[str, Callable[[list[list[str]]], bytes], dict[str, object], list[int]]] = [
    ("plain", lambda rows: csv_text(rows).encode(), {}, [2, 3, 5]),
    ("semicolons", lambda rows: csv_text(rows, ";").encode(), {}, [2, 3, 5]),
    ("tabs", lambda rows: csv_text(rows, "\t").encode(), {"delimiter": "tab"}, [2, 3, 5]),
    ("carets", lambda rows: csv_text(rows, "^").encode(), {"delimiter": "^"}, [2, 3, 5]),
    ("crlf", lambda rows: csv_text(rows, end="\r\n").encode(), {}, [2, 3, 5]),
    ("bom", lambda rows: b"\xef\xbb\xbf" + csv_text(rows).encode(), {}, [2, 3, 5]),
    ("latin-1", lambda rows: csv_text(rows).encode("latin-1"), {"encoding": "latin-1"}, [2, 3, 5]),
    ("utf-16", lambda rows: csv_text(rows).encode("utf-16"), {}, [2, 3, 5]),
    ("no last line end", lambda rows: csv_text(rows).rstrip("\n").encode(), {}, [2, 3, 5]),
    ("blank lines", lambda rows: csv_text(rows).replace("\no3", "\n\n\no3").encode(), {}, [2, 3, 7]),
    ("no header", lambda rows: csv_text(rows, header=False).encode(), {"header": False, "columns": NAMES}, [1, 2, 4]),
    ("gzip", lambda rows: gzip.compress(csv_text(rows).encode()), {}, [2, 3, 5]),
    (
        "two gzips",
        lambda rows: b"".join(gzip.compress(part) for part in _halves(csv_text(rows).encode())),
        {},
        [2, 3, 5],
    ),
    ("zstd", lambda rows: _zstd(csv_text(rows).encode()), {}, [2, 3, 5]),
    ("ndjson", ndjson, {}, [1, 2, 3]),
    ("ndjson gzip", lambda rows: gzip.compress(ndjson(rows)), {}, [1, 2, 3]),
    ("json array", json_array, {}, [1, 2, 3]),
    ("parquet", parquet, {}, [1, 2, 3]),
    ("xlsx", xlsx, {}, [2, 3, 4]),
]


def _halves(content: bytes) -> list[bytes]:
    return [content[: len(content) // 2], content[len(content) // 2 :]]


def _zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(("kind", "written", "declared", "places"), KINDS, ids=[kind[0] for kind in KINDS])
def test_a_file_of_any_kind_gives_the_same_rows_and_their_places(
    tmp_path: Path,
    kind: str,
    written: Callable[[list[list[str]]], bytes],
    declared: dict[str, object],
    places: list[int],
) -> None:
    path = tmp_path / "orders"
    path.write_bytes(written(ROWS))
    values, found = rows_of(read(path, **declared))
    assert found == places
    assert [[*row[:5], Decimal(str(row[5]))] for row in values] == [[*row[:5], Decimal(row[5])] for row in ROWS]


def test_carriage_returns_alone_end_lines(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(csv_text(PLAIN, end="\r").encode())
    assert rows_of(read(path)) == (PLAIN, [2, 3, 4])


@pytest.mark.parametrize("block", [64, 200, 1000])
def test_blocks_are_cut_between_records_whatever_their_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr("orderhouse.sources.readers.csv_text.BLOCK_BYTES", block)
    whole = unpacked_in(block)
    monkeypatch.setattr("orderhouse.sources.readers.csv_text.unpacked_blocks", whole)
    path = tmp_path / "orders.csv"
    many = [[f"o{n}", *ROWS[n % 3][1:]] for n in range(60)]
    path.write_bytes(csv_text(many).encode())
    values, places = rows_of(read(path))
    assert values == many
    expected, line = [], 2
    for row in many:
        expected.append(line)
        line += 1 + row[4].count("\n")
    assert places == expected


def unpacked_in(size: int) -> Callable[..., object]:
    """Return a reader that yields a file in pieces of this size."""

    def pieces(file: object, _: int) -> object:
        content = Path(file.path).read_bytes()  # type: ignore[attr-defined]
        return iter([content[at : at + size] for at in range(0, len(content), size)])

    return pieces


def test_a_stray_quote_does_not_swallow_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    rows = [row[:] for row in PLAIN]
    rows[1][4] = 'a 5" pipe'
    path.write_text(csv_text(rows).replace('"a 5"" pipe"', 'a 5" pipe'))
    assert rows_of(read(path)) == (rows, [2, 3, 4])


def test_a_line_with_too_many_fields_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(PLAIN).replace("o2,", "o2,,"))
    found = read(path)
    assert rows_of(found)[1] == [2, 4]
    ((malformed),) = [each for rows in found for each in rows.malformed]
    assert (malformed.record, malformed.rule) == (3, "fields_match_header")


def test_a_short_line_is_not_hidden_by_a_delimiter_inside_quotes(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([PLAIN[0], ROWS[1]]) + "o3,2026-01-04T03:04:05Z,2026-01-04T03:04:05Z,USD,Rome\n")
    found = read(path)
    assert [each.record for rows in found for each in rows.malformed] == [5]


def test_a_line_that_is_no_json_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_bytes(ndjson(PLAIN[:1]) + b"\n{oops\n" + ndjson(PLAIN[1:]) + b"\n7\n")
    found = read(path)
    assert rows_of(found) == (PLAIN, [1, 3, 4])
    assert sorted(each.record for rows in found for each in rows.malformed) == [2, 5]


def test_json_numbers_never_become_floats(tmp_path: Path) -> None:
    path = tmp_path / "orders.json"
    path.write_text(
        '[{"order_id": 12345678901234567890, "placed_at": "x", "updated_at": "x", "currency": "EUR", '
        '"shipping_amount": 0.10000000000000000001}]'
    )
    (rows,) = read(path)
    assert rows.frame["order_id"].to_list() == ["12345678901234567890"]
    assert rows.frame["shipping_amount"].to_list() == ["0.10000000000000000001"]


STRAY = [
    ('o2,"2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EUR,Ulm,0\n', [3]),
    ('"o2,2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EUR,Ulm,0\n', [3]),
    ('o2,2026-01-02T03:04:05Z,"x"y,EUR,Ulm,0\n', [3]),
    ("o2,2026-01-02T03:04:05Z\n", [3]),
    ("o2,2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EUR,Ulm\x00,0,0\n", [3]),
]


@pytest.mark.parametrize(("bad", "lines"), STRAY)
@pytest.mark.parametrize("twice", [False, True])
def test_one_bad_line_takes_no_other_line_with_it(tmp_path: Path, bad: str, lines: list[int], twice: bool) -> None:
    good = [f"o{n},2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EUR,Ulm,{n}\n" for n in range(500)]
    content = ",".join(NAMES) + "\n" + good[0] + bad + "".join(good[1:400])
    content += bad + "".join(good[400:]) if twice else "".join(good[400:])
    path = tmp_path / "orders"
    path.write_text(content)
    rows = read(path)
    assert [value for each in rows for value in each.frame["shipping_amount"]] == [str(n) for n in range(500)]
    found = [malformed.record for each in rows for malformed in each.malformed]
    assert found == (lines + [403] if twice else lines)


def test_half_a_character_makes_one_record_malformed_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "orders"
    good = json.dumps(dict(zip(NAMES, ROWS[0], strict=True)))
    bad = good.replace("o1", "\\ud800")
    for content in (f"{good}\n{bad}\n{good}", f"[{good},{bad},{good}]"):
        path.write_text(content)
        rows = read(path)
        assert [value for each in rows for value in each.frame["order_id"]] == ["o1", "o1"]
        assert [malformed.record for each in rows for malformed in each.malformed] == [2]
