"""Tests of redaction: originals of every kind lose a person's values and read as before."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pytest
from orderhouse.erasure import erase
from orderhouse.files.source_files import SourceFile
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.canonical import Canonical
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.json_text import read_values
from orderhouse.sources.readers.records import RECORD

from tests.erasure.merchant import ANNA, AT, BERTA, Merchant

PEOPLE = pl.DataFrame(
    {
        "customer_id": ["c1", "c2"],
        "updated_at": [AT, AT],
        "email": [ANNA.email, BERTA.email],
        "name": [f" {ANNA.name}", BERTA.name],
        "phone": [ANNA.phone, "4930555"],
        "city": ["Ulm; an der Donau", "Köln"],
    }
)


def workbook() -> bytes:
    written = io.BytesIO()
    PEOPLE.write_excel(written)
    return written.getvalue()


def parquet() -> bytes:
    written = io.BytesIO()
    PEOPLE.write_parquet(written)
    return written.getvalue()


KINDS = {
    "customers.csv": PEOPLE.write_csv(quote_style="always").replace("\n", "\r\n").encode(),
    "customers.csv.gz": gzip.compress(PEOPLE.write_csv(separator=";").encode()),
    "customers-utf16.csv": PEOPLE.write_csv(separator="\t").encode("utf-16"),
    "customers.xlsx": workbook(),
    "customers.parquet": parquet(),
    "customers.json": json.dumps(PEOPLE.to_dicts(), indent=1).encode(),
    "customers.ndjson": b"\xef\xbb\xbf" + PEOPLE.write_ndjson().encode(),
    "customers-one.json": json.dumps(PEOPLE.to_dicts()[0], indent=4, ensure_ascii=False).encode(),
}


@pytest.mark.parametrize("name", KINDS)
def test_an_original_of_any_kind_forgets_one_person_only(tmp_path: Path, name: str) -> None:
    merchant = Merchant(tmp_path)
    merchant.declare("sources:\n  shop: {format: canonical, path: feeds/*}\n")
    merchant.write(f"feeds/{name}", KINDS[name])
    merchant.ingest()
    rows = "select columns('^[^_]'), _record from raw.customers where _batch_id = $batch order by all"
    before = merchant.query(rows, batch=1)
    assert len(before) == (1 if "one" in name else 2)

    done = erase(merchant.settings, "c1", "customer_id")
    assert (done.originals.redacted, done.originals.dropped) == (1, 0)
    assert merchant.vault_values().isdisjoint({ANNA.email, ANNA.name, ANNA.phone})

    (tmp_path / "feeds" / name).unlink()
    merchant.declare("sources:\n  shop: {format: canonical, path: feeds/*, columns: {town: city}}\n")
    merchant.ingest()
    assert merchant.query(rows, batch=2) == before
    (content,) = merchant.originals().values()
    text = content.decode("utf-16" if "utf16" in name else "latin-1")
    assert ANNA.email not in text
    assert "one" in name or name.endswith(("xlsx", "parquet")) or BERTA.email in text


def test_an_address_in_the_place_of_a_prefixed_id_is_forgotten_too(tmp_path: Path) -> None:
    merchant = Merchant(tmp_path)
    merchant.declare("sources:\n  shop: {format: canonical, path: feeds/*, id_prefix: A-}\n")
    header = "order_id,placed_at,updated_at,currency,customer_id,email\n"
    merchant.write("feeds/orders-1.csv", f"{header}1,{AT},{AT},EUR,c1,{ANNA.email}\n")
    merchant.write("feeds/orders-2.csv", f"{header}2,{AT},{AT},EURO,{ANNA.email},\n3,{AT},{AT},EUR,c2,{BERTA.email}\n")
    merchant.ingest()
    done = erase(merchant.settings, "A-c1", "customer_id")
    assert (done.originals.redacted, done.originals.dropped) == (2, 0)
    assert not any(ANNA.email.encode() in content for content in merchant.originals().values())
    assert not any(ANNA.email in value for value in merchant.vault_values())
    assert BERTA.email in merchant.vault_values()


class Composing(Canonical):
    """Format that composes a name of two fields, as formats of nested records do."""

    name = "composing"

    def read(self, source: Source, files: Sequence[SourceFile]) -> Iterator[FeedRows]:
        """Return the customers of JSON objects."""
        (file,) = files
        for values in read_values(file):
            rows = [
                {**person, "name": f"{person['first']} {person['last']}, {person['title']}"}
                for _, person in values.values
            ]
            frame = pl.DataFrame(rows).drop("first", "last", "title")
            yield FeedRows("customers", file, frame.with_columns(pl.int_range(1, pl.len() + 1).alias(RECORD)))


def test_a_value_that_a_format_composes_is_erased_in_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "composing", Composing())
    merchant = Merchant(tmp_path)
    merchant.declare("sources:\n  shop: {format: composing, path: feeds/*, covers: [customers]}\n")
    people = [("c1", "Anna", "Quittenbaum", ""), ("c2", "Anna", "Holunder", "Dr.")]
    names = ("customer_id", "first", "last", "title")
    records = [dict(zip(names, person, strict=True), updated_at=AT) for person in people]
    merchant.write("feeds/people.json", json.dumps(records))
    merchant.ingest()
    done = erase(merchant.settings, "c1", "customer_id")
    assert (done.originals.redacted, done.originals.dropped) == (1, 0)
    (content,) = merchant.originals().values()
    assert b"Quittenbaum" not in content
    assert b"Holunder" in content
