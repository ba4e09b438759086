"""Tests of all formats with arbitrary bytes: they read or refuse them, and account for every record."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orderhouse.contracts import CONTRACTS
from orderhouse.files.source_files import FileRejected, FileVanished, SourceFile
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.records import RECORD

from tests.ingest.landing import Landing
from tests.properties.mangling import DIGITS, Mutation, mangled, mutations, packed
from tests.properties.specimens import KINDS, Specimen, as_kind, of_examples, of_feeds

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
PACKINGS = ("plain", "plain", "plain", "gzip", "zstd")


def fuzzing(percent: int) -> settings:
    """Return the settings for a share of the profile's examples; the default profile has a hundred."""
    return settings(
        max_examples=max(1, settings().max_examples * percent // 100), deadline=None, suppress_health_check=SLOW
    )


def source_file(name: str, content: bytes) -> SourceFile:
    """Return bytes as a received file."""
    return SourceFile(name, hashlib.sha256(content).hexdigest(), len(content), lambda: io.BytesIO(content))


def declared(specimen: Specimen) -> Source:
    """Return the shortest declaration of a format; batches of a table need the table, and a feed."""
    if specimen.format == "table":
        table = {"database": "loaded.duckdb", "name": "rows", "cursor": "updated_at"}
        return Source(name="fuzz", format="table", path=["batches"], feed=specimen.feed or "orders", table=table)
    feed = {"feed": specimen.feed} if specimen.feed else {}
    return Source(name="fuzz", format=specimen.format, path=["*"], **feed)


def read(specimen: Specimen) -> list[FeedRows] | None:
    """Read a file or bundle with a format; None if it is refused with a message. Any other error fails the test."""
    source = specimen.source or declared(specimen)
    files = [source_file(name, content) for name, content in specimen.files]
    try:
        rows = list(FORMATS[specimen.format].read(source, files))
    except (FileRejected, FileVanished) as refusal:
        sentence = str(refusal)
        assert sentence.endswith((".", ")")) and "Traceback" not in sentence, sentence
        assert len(sentence) < 5000, len(sentence)
        sentence.encode()
        return None
    for each in rows:
        assert each.frame[RECORD].null_count() == 0
        for malformed in each.malformed:
            assert malformed.record >= 1
            malformed.text.encode()
            malformed.reason.encode()
    return rows


def primary(rows: list[FeedRows]) -> int:
    """Return the records that a format accounts for: primary rows, look-up rows, and unreadable records."""
    return sum(each.frame.height + len(each.malformed) for each in rows if each.role != "derived")


def damaged(specimen: Specimen, which: int, damage: list[Mutation], packing: str) -> Specimen:
    """Return a specimen with one of its files damaged."""
    files = [*specimen.files]
    name, content = files[which % len(files)]
    files[which % len(files)] = (name, packed(mangled(content, damage), packing))
    return replace(specimen, files=tuple(files))


def single_formats() -> list[str]:
    return sorted(name for name, each in FORMATS.items() if not each.is_bundle)


@fuzzing(100)
@given(st.sampled_from(single_formats()), st.sampled_from(sorted(CONTRACTS)), st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(format_name: str, feed: str, content: bytes) -> None:
    read(Specimen(format_name, (("orders.bin", content),), feed))


@fuzzing(100)
@given(
    st.sampled_from(single_formats()),
    st.sampled_from(["", "PAR1", "PK\x03\x04", "\x1f\x8b", "(\ufffd/", "{", "[", "a,b\n", '"']),
    st.text(max_size=200),
    st.sampled_from(["utf-8", "utf-16", "latin-1"]),
)
def test_random_text_is_read_or_refused(format_name: str, start: str, text: str, encoding: str) -> None:
    content = (start + text).encode(encoding, errors="replace")
    read(Specimen(format_name, (("orders.txt", content),), "orders"))


@fuzzing(100)
@given(st.sampled_from(of_feeds()), mutations, st.sampled_from(PACKINGS))
def test_damaged_files_of_every_feed_and_kind_are_read_or_refused(
    specimen: Specimen, damage: list[Mutation], packing: str
) -> None:
    read(damaged(specimen, 0, damage, packing))


@pytest.mark.skipif(not of_examples(), reason="real input data is not there; set ORDERHOUSE_TEST_DATA")
@fuzzing(60)
@given(st.data(), st.integers(0, 20), mutations, st.sampled_from(PACKINGS))
def test_damaged_real_files_of_every_format_are_read_or_refused(
    data: st.DataObject, which: int, damage: list[Mutation], packing: str
) -> None:
    format_name = data.draw(st.sampled_from(sorted({each.format for each in of_examples()})))
    specimen = data.draw(st.sampled_from([each for each in of_examples() if each.format == format_name]))
    read(damaged(specimen, which, damage, packing))


nasty_text = st.one_of(
    st.text(max_size=8),
    st.text(st.characters(categories=["Cs", "Cc", "Zl", "Zp"]), max_size=3),
    st.sampled_from(["", " ", "2026-01-02T03:04:05Z", "0000-00-00", "1e400", "NaN", "EUR", "orders", "\ud800"]),
)
nasty_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), nasty_text),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(nasty_text, st.sampled_from(sorted(CONTRACTS["orders"].fields()))), inner, max_size=4
        ),
    ),
    max_leaves=12,
)


@fuzzing(100)
@given(st.sampled_from(single_formats()), nasty_json, st.booleans())
def test_any_json_document_is_read_or_refused(format_name: str, document: object, as_is: bool) -> None:
    text = json.dumps(document, ensure_ascii=not as_is)
    content = text.encode(errors="surrogatepass").replace(b": 7,", b": " + DIGITS + b",")
    read(Specimen(format_name, (("orders.json", content),), "orders"))


@fuzzing(60)
@given(st.lists(nasty_json, max_size=8))
def test_every_line_of_a_json_file_is_a_row_or_a_malformed_record(documents: list[object]) -> None:
    lines = ['{"order_id": "o", "placed_at": "", "updated_at": "", "currency": ""}', *map(json.dumps, documents)]
    rows = read(Specimen("canonical", (("orders.ndjson", "\n".join(lines).encode()),), "orders"))
    assert rows is not None
    assert primary(rows) == len(lines)


@fuzzing(60)
@given(st.lists(nasty_json, min_size=1, max_size=8))
def test_every_element_of_a_json_array_is_a_row_or_a_malformed_record(documents: list[object]) -> None:
    whole = [{"order_id": "o", "placed_at": "", "updated_at": "", "currency": ""}, *documents]
    rows = read(Specimen("canonical", (("orders.json", json.dumps(whole).encode()),), "orders"))
    assert rows is not None
    assert primary(rows) == len(whole)


csv_fields = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=6)


@fuzzing(100)
@given(
    st.lists(st.lists(csv_fields, min_size=1, max_size=6), max_size=12),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_record_of_a_csv_file_is_a_row_or_a_malformed_record(
    records: list[list[str]], quoting: int, end: str
) -> None:
    if quoting == csv.QUOTE_MINIMAL:  # it leaves a lone carriage return unquoted, which is ambiguous
        records = [[field.replace("\r", "") for field in record] for record in records]
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, quoting=quoting, lineterminator=end)
    writer.writerow(["order_id", "placed_at", "updated_at", "currency"])
    writer.writerows(records)
    content = sink.getvalue().encode()
    rows = read(Specimen("canonical", (("orders.csv", content),), "orders"))
    assert rows is not None
    expected = list(csv.reader(io.StringIO(content.decode(), newline="")))
    count = sum(1 for record in expected[1:] if record)
    assert primary(rows) >= count
    if not any("\n" in field for record in records for field in record):
        # of a record that is malformed and swallowed other lines, those lines are read again by themselves
        assert primary(rows) == count


@pytest.mark.parametrize("kind", KINDS)
@fuzzing(20)
@given(st.lists(st.fixed_dictionaries({name: csv_fields for name in ("order_id", "currency")}), min_size=1, max_size=9))
def test_rows_come_back_as_they_were_from_every_kind_of_file(kind: str, rows: list[dict[str, str]]) -> None:
    stripped = [{name: value.strip().replace("\r", " ") for name, value in row.items()} for row in rows]
    sent = [
        {**row, "order_id": f"o{n}" + "".join(filter(str.isprintable, row["order_id"])), "currency": "EUR"}
        | {"placed_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}
        for n, row in enumerate(stripped)
    ]
    found = read(Specimen("canonical", ((f"orders.{kind}", as_kind(sent, kind)),), "orders"))
    assert found is not None
    assert [value for each in found for value in each.frame["order_id"]] == [row["order_id"] for row in sent]


@settings(max_examples=max(3, settings().max_examples // 50), deadline=None, suppress_health_check=SLOW)
@given(st.lists(st.tuples(st.sampled_from(of_feeds()), mutations, st.sampled_from(PACKINGS)), min_size=20, max_size=30))
def test_ingest_accounts_for_every_row_of_damaged_files(
    deliveries: list[tuple[Specimen, list[Mutation], str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        landing = Landing(Path(folder))
        landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
        contents: set[bytes] = set()
        for number, (specimen, damage, packing) in enumerate(deliveries):
            ((_, content),) = damaged(specimen, 0, damage, packing).files
            contents.add(content)
            landing.write(f"feeds/{specimen.feed}-{number}.bin", content)
        result = landing.ingest()
        assert {each.status for each in result.files} <= {"loaded", "rejected", "skipped"}
        assert len({each.path for each in result.files}) == len(deliveries)
        assert (
            landing.query(
                "select path, rows_in, accepted, duplicate, quarantined from raw.files "
                "where status = 'loaded' and rows_in <> accepted + duplicate + quarantined"
            )
            == []
        )
        ((sums, quarantined),) = landing.query(
            "select coalesce(sum(accepted + duplicate), 0), coalesce(sum(quarantined), 0) from raw.files"
        )
        stored = sum(landing.query(f"select count(*) from raw.{feed}")[0][0] for feed in CONTRACTS)
        assert (stored, landing.query("select count(*) from raw.quarantine")[0][0]) == (sums, quarantined)
        again = landing.ingest()
        assert {each.status for each in again.files} <= {"skipped"}
