"""Tests of files made to take the memory of the machine: each is rejected with a sentence, and the others load."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from orderhouse.files.limits import is_deeper, longest_line_exceeds, may_be_deeper

from tests.ingest.landing import LINES_HEADER, Landing, line, report
from tests.measured import run_measured

ROWS = "".join(line(number) for number in range(1, 6))
# A line of 300 MB in 300 KB of gzip takes 3 GB and more if it is read as a whole.
LONG = 300_000_000


def packed(start: bytes, repeated: bytes, size: int) -> bytes:
    """Return gzip of a text that is repeated up to a size, made in pieces."""
    packed_bytes = io.BytesIO()
    with gzip.GzipFile(fileobj=packed_bytes, mode="wb") as stream:
        stream.write(start)
        for _ in range(size // 1_000_000):
            stream.write(repeated * (1_000_000 // len(repeated)))
    return packed_bytes.getvalue()


def peak_of_ingest(landing: Landing) -> tuple[int, str]:
    """Ingest in a process of its own, and return its peak memory in MB and what it said."""
    options = ["--home", str(landing.settings.home), "ingest", "--sources", str(landing.sources_file)]
    code, peak, said = run_measured(*options)
    assert code == 0, said
    return peak, said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (packed(LINES_HEADER.encode(), b"x", LONG), "A line of the file is longer than 16 MB"),
        (packed(b'{"order_id": "', b"x", LONG), "unpacks to more than 200 times its size"),
    ],
    ids=["csv", "json"],
)
def test_small_file_of_one_endless_line_is_rejected_in_bounded_memory_and_its_neighbour_loads(
    landing: Landing, content: bytes, why: str
) -> None:
    landing.write("feeds/order_lines_poison.csv.gz", content)
    landing.write("feeds/order_lines_good.csv", LINES_HEADER + ROWS)
    peak, _ = peak_of_ingest(landing)
    assert peak < 700
    assert landing.query("select count(*) from raw.order_lines") == [(5,)]
    ((status, reason),) = landing.query("select status, reason from raw.files where path like '%poison%'")
    assert status == "rejected"
    assert why in reason


def limited(monkeypatch: pytest.MonkeyPatch, **limits: object) -> None:
    for name, value in limits.items():
        monkeypatch.setenv(f"ORDERHOUSE_FEED_MAX_{name.upper()}", str(value))


def workbook(rows: Iterable[Iterable[object]]) -> bytes:
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(content)
    return content.getvalue()


def parquet(columns: dict[str, list[str]]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table(columns), content)
    return content.getvalue()


def zipped(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("order_lines.csv", content)
    return made.getvalue()


NAMES = LINES_HEADER.strip().split(",")
WIDE = ",".join([*NAMES, *(f"more_{number}" for number in range(20))]) + "\n"
OBJECT = json.dumps(dict(zip(NAMES, line(1).strip().split(","), strict=True)))


@pytest.mark.parametrize(
    ("name", "content", "limits", "why"),
    [
        ("a.csv", LINES_HEADER + "y" * 300 + "\n", {"record": "200B"}, "longer than 0 MB (`feed_max_record`)"),
        ("a.ndjson", OBJECT + "\n" + '{"a": "' + "y" * 300, {"record": "200B"}, "(`feed_max_record`)"),
        ("a.csv", LINES_HEADER + ROWS, {"rows": 4}, "more than 4 rows (`feed_max_rows`)"),
        ("a.csv", WIDE, {"columns": 20}, "27 columns, more than 20 (`feed_max_columns`)"),
        ("a.ndjson", json.dumps({name: "1" for name in WIDE.split(",")}), {"columns": 20}, "(`feed_max_columns`)"),
        ("a.json", f"[{OBJECT},\n{OBJECT}]", {"document": "100B"}, "JSON document has more than 0 MB"),
        ("a.csv", LINES_HEADER + ROWS, {"file": "100B"}, "(`feed_max_file`)"),
        ("a.xlsx", workbook([WIDE.split(",")]), {"columns": 20}, "(`feed_max_columns`)"),
        ("a.xlsx", workbook([NAMES]), {"document": "100B"}, "Excel workbook"),
        ("a.parquet", parquet({name: ["1"] * 9 for name in NAMES}), {"rows": 8}, "(`feed_max_rows`)"),
        ("a.parquet", parquet({name: ["1"] for name in WIDE.split(",")}), {"columns": 20}, "(`feed_max_columns`)"),
        ("a.csv.zip", zipped(b"a" * 70_000_000), {}, "unpacks to more than 200 times its size"),
    ],
)
def test_file_over_a_limit_is_rejected_with_the_name_of_the_limit(
    landing: Landing,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: str | bytes,
    limits: dict[str, object],
    why: str,
) -> None:
    limited(monkeypatch, **limits)
    landing.write(f"feeds/order_lines_{name}", content)
    found = report(landing.ingest(), name)
    assert found.status == "rejected"
    assert why in str(found.reason)


@pytest.mark.parametrize("form", ["{}", "{}\n" + OBJECT, "[{}, " + OBJECT + "]"])
def test_record_that_is_nested_too_deep_is_quarantined(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    limited(monkeypatch, depth=9)
    deep = '{"order_id": "o1", "a": ' + "[" * 9 + "]" * 9 + "}"
    landing.write("feeds/order_lines.json", form.replace("{}", deep))
    landing.ingest()
    assert "nested more than 9 levels deep (`feed_max_depth`)" in landing.quarantined()[0][3]


def test_record_that_goes_on_and_on_in_quotes_costs_its_first_line(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, record="1000B")
    open_quote = line(1).replace("sku1", '"sku1')
    landing.write("feeds/order_lines.csv", LINES_HEADER + open_quote + "\n".join(["1,2"] * 900) + "\n" + line(7))
    landing.ingest()
    assert landing.query("select order_id from raw.order_lines") == [("o7",)]
    assert len(landing.quarantined()) == 901


def test_brackets_in_text_are_no_depth(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, depth=3)
    landing.write("feeds/order_lines.json", OBJECT.replace("sku1", "[[[[[[[["))
    landing.ingest()
    assert landing.query("select sku from raw.order_lines") == [("[[[[[[[[",)]


@pytest.mark.parametrize(("value", "depth"), [(1, 0), ([], 1), ({"a": [1, {}]}, 3), ([[], [[[]]]], 4)])
def test_depth_of_json_is_counted_in_levels(value: object, depth: int) -> None:
    assert not is_deeper(value, depth)
    assert depth == 0 or is_deeper(value, depth - 1)
    assert not may_be_deeper(json.dumps(value).encode(), depth)
    assert depth == 0 or may_be_deeper(json.dumps(value).encode(), depth - 1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_long_lines_are_found_wherever_blocks_are_cut(size: int) -> None:
    for content, limit, expected in [
        (b"abc\nabcd\nab", 4, False),
        (b"abc\nabcd\nab", 3, True),
        (b"\n\n\nabcde", 4, True),
        (b"abcde", 5, False),
    ]:
        blocks = [content[start : start + size] for start in range(0, len(content), size)]
        found = list(longest_line_exceeds(blocks, b"\n", limit))
        assert any(is_longer for _, is_longer in found) == expected, (content, limit, size)
        assert b"".join(block for block, _ in found) == content


def test_file_that_needs_too_much_memory_is_named_and_left_and_the_others_load(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orderhouse.ingest import run

    landing.write("feeds/order_lines_a.csv", LINES_HEADER + ROWS)
    landing.write("feeds/order_lines_b.csv", LINES_HEADER + line(9))
    read = run._Run._read_into_loader

    def hungry(self: run._Run, unit: run.Unit, rows: Iterable[object]) -> None:
        if unit.files[0].path.endswith("a.csv"):
            raise MemoryError
        read(self, unit, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(run._Run, "_read_into_loader", hungry)
    found = report(landing.ingest(), "lines_a.csv")
    assert "needs more memory than this machine has now" in str(found.reason)
    assert landing.query("select order_id from raw.order_lines") == [("o9",)]
    monkeypatch.undo()
    landing.ingest()
    assert landing.query("select count(*) from raw.order_lines") == [(6,)]
