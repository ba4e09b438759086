"""Tests of trimming: texts of a CSV file skip it only if none of them could be trimmed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.contracts.parsing import cleaned
from orderhouse.files.source_files import local_file
from orderhouse.sources.readers.csv_text import CsvDialect, read_csv
from orderhouse.sources.readers.records import RECORD, Records

# All white space of Unicode, and characters whose UTF-8 bytes resemble white space.
CHARACTERS = 'ab ,;é|"\t\v\f\x1c\x85\xa0\u1680\u2003\u2014\u2028\u202f\u205f\u2060\u3000\u3001ÂÃ'


def read(content: bytes) -> list[Records]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_bytes(content)
        return list(read_csv(local_file(path), CsvDialect(delimiter=",", names=["one", "two", "three"])))


@given(
    st.lists(st.tuples(*[st.text(CHARACTERS, max_size=4)] * 3), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_said_to_be_trimmed_is_left_alone_by_trimming(rows: list[tuple[str, str, str]], end: str) -> None:
    for records in read(end.join(",".join(row) for row in rows).encode()):
        if records.is_trimmed:
            assert records.frame.equals(cleaned(records.frame))


@pytest.mark.parametrize(
    ("text", "is_trimmed"),
    [
        ("a,b,c\nd e,f,\n", True),
        ("Köln,é,c\n", True),
        ("a, b,c\n", False),
        ("a,b ,c\n", False),
        ("a,b,c \n", False),
        (" a,b,c\n", False),
        ("a,b,c ", False),
        ('a,"b",c\n', False),
        ("a,b,c\r\n", False),
        ("a,b\u00a0,c\n", False),
    ],
)
def test_most_files_need_no_trimming(text: str, is_trimmed: bool) -> None:
    assert [records.is_trimmed for records in read(text.encode())] == [is_trimmed]


def test_records_of_a_block_have_their_lines() -> None:
    (records,) = read(b"a,b,c\n" * 300_000)
    assert records.frame.height == 300_000
    assert records.frame[RECORD].equals(pl.int_range(1, 300_001, eager=True, dtype=pl.Int64).alias(RECORD))
