"""Tests of bad input: every kind gets a message, no row is dropped, and the good rows are loaded."""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path

import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.ingest import arrivals
from orderhouse.ingest.trial import check_sources
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, PAYMENTS_HEADER, Landing, line, order, report

BAD_ROWS = [
    (line(2, quantity="-3"), "quantity|not_negative", "quantity -3 is negative"),
    (line(2, quantity="three"), "quantity|a_whole_number", "quantity 'three' is not a whole number"),
    (line(2, quantity="1.5"), "quantity|a_whole_number", "quantity 1.5 is not a whole number"),
    (line(2, quantity=""), "quantity|required", "quantity is missing"),
    (line(2, unit_price="ten"), "unit_price|a_number", "unit_price 'ten' is not a number"),
    (line(2, unit_price="-1"), "unit_price|not_negative", "unit_price -1 is negative"),
    (line(2, unit_price="1.00001"), "unit_price|at_most_4_decimals", "unit_price 1.00001 has more than 4 decimals"),
    (line(2, unit_price="1e3"), "unit_price|a_number", "unit_price '1e3' is not a number"),
    (line(2, unit_price="123456789012345"), "unit_price|in_range", "unit_price (kept in the vault) is too large"),
    (
        line(2, discount="10.01"),
        "discount_within_line",
        "the discount is more than quantity × unit price (discount_amount 10.01, quantity 1, unit_price 10.00)",
    ),
]

BAD_ORDERS = [
    (order(2, currency="EURO"), "currency|iso_4217", "currency 'EURO' is not an ISO-4217 currency"),
    (
        order(2, placed="2026-02-30T00:00:00Z"),
        "placed_at|exists",
        "placed_at '2026-02-30T00:00:00Z' is a date or time that does not exist",
    ),
    (
        order(2, placed="2026-02-03 00:00:00"),
        "placed_at|has_offset",
        "placed_at '2026-02-03 00:00:00' has no UTC offset, and the source declares no time_zone",
    ),
    (order(2, placed="yesterday"), "placed_at|an_instant", "placed_at 'yesterday' is not an ISO-8601 instant"),
]


@pytest.mark.parametrize(("row", "rule", "sentence"), BAD_ROWS)
def test_a_bad_line_is_quarantined_with_its_reason_and_the_others_load(
    landing: Landing, row: str, rule: str, sentence: str
) -> None:
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1) + row + line(3))
    result = landing.ingest()
    assert landing.quarantined() == [("order_lines", 3, json.dumps([rule]), sentence)]
    assert landing.query("select order_id, _record from raw.order_lines order by 1") == [("o1", 2), ("o3", 4)]
    loaded = report(result, "order_lines.csv")
    assert (loaded.rows_in, loaded.accepted, loaded.duplicate, loaded.quarantined) == (3, 2, 0, 1)


@pytest.mark.parametrize(("row", "rule", "sentence"), BAD_ORDERS)
def test_a_bad_order_is_quarantined_with_its_reason(landing: Landing, row: str, rule: str, sentence: str) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + row)
    landing.ingest()
    assert landing.quarantined() == [("orders", 3, json.dumps([rule]), sentence)]


def test_every_broken_rule_of_a_row_is_named(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + ",soon,2026-13-01T00:00:00Z,XYZ,a@example.com\n")
    landing.ingest()
    ((_, _, rules, reasons),) = landing.quarantined()
    assert sorted(json.loads(rules)) == [
        "currency|iso_4217",
        "order_id|required",
        "placed_at|an_instant",
        "updated_at|exists",
    ]
    assert reasons.count(";") == 3


def test_a_quarantined_row_keeps_its_text_but_nothing_personal(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1, currency="EURO"))
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1, quantity="Ann Example of 5 Elm Street"))
    landing.ingest()
    rows = dict(landing.query("select feed, row_json from raw.quarantine"))
    kept = json.loads(rows["orders"])
    assert kept["currency"] == "EURO"
    assert "email" not in kept
    odd = json.loads(rows["order_lines"])["quantity_token"]
    with open_vault(landing.settings) as vault:
        assert vault.reveal([kept["email_token"], odd]) == {
            kept["email_token"]: "person1@example.com",
            odd: "Ann Example of 5 Elm Street",
        }
    (sentence,) = [reasons for feed, _, _, reasons in landing.quarantined() if feed == "order_lines"]
    assert sentence == "quantity (kept in the vault) is not a whole number"


def test_a_ragged_line_is_quarantined_and_the_others_load(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1) + "o2,2026-01-02T03:04:05Z\n" + order(3))
    landing.ingest()
    assert landing.quarantined() == [("orders", 3, '["fields_match_header"]', "the record has 2 fields, the header 5")]
    assert landing.query("select order_id, _record from raw.orders order by 1") == [("o1", 2), ("o3", 4)]


WHOLE_FILES = [
    ("orders.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "This is not a text file."),
    ("orders.csv.gz", gzip.compress((ORDERS_HEADER + order(1) * 50).encode())[:-20], "cut off on its way"),
    ("orders.csv", "order_id,placed_at,updated_at\no1,x,y\n", "The file has no column currency, which orders requires"),
    ("orders.csv", b"order_id,placed_at,updated_at,currency\no\xe9,1,2,EUR\n", "Line 2 holds the byte 0xe9"),
    ("orders.csv", "order_id,order_id,placed_at\n1,2,3\n", "The columns 1 and 2 have the same name"),
    ("orders.json", "[{", "The file is not JSON"),
    ("orders.parquet", b"PAR1nothing", "The Parquet file is damaged"),
    ("parcels.csv", ORDERS_HEADER, "does not begin with a feed's name"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), WHOLE_FILES)
def test_a_file_that_cannot_be_taken_is_rejected_as_a_whole_with_the_reason(
    landing: Landing, name: str, content: str | bytes, sentence: str
) -> None:
    landing.write(f"feeds/{name}", content)
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1))
    result = landing.ingest()
    assert sentence in (report(result, name).reason or "")
    assert any(sentence in note and name in note for note in result.notes)
    assert landing.query("select status, rows_in from raw.files where path like $p", p=f"%{name}") == [("rejected", 0)]
    assert landing.query("select count(*) from raw.order_lines") == [(1,)]
    assert landing.query("select count(*) from raw.orders") == [(0,)]
    again = landing.ingest()
    assert not again.changed
    assert "Rejected in batch 1" in (report(again, name).reason or "")


def test_a_truncated_file_leaves_no_row_behind_even_if_it_is_long(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orderhouse.ingest.loading.WAITING_ROWS", 100)
    monkeypatch.setattr("orderhouse.sources.readers.csv_text.BLOCK_BYTES", 4096)
    monkeypatch.setattr("orderhouse.files.source_files.BLOCK_BYTES", 1024)
    content = gzip.compress((ORDERS_HEADER + "".join(order(n) for n in range(10_000))).encode())
    landing.write("feeds/orders.csv.gz", content[:-50])
    landing.write("feeds/orders-2.csv", ORDERS_HEADER + order(1))
    result = landing.ingest()
    assert report(result, "orders.csv.gz").status == "rejected"
    assert landing.query("select count(*) from raw.orders") == [(1,)]


@pytest.mark.parametrize("content", ["", ORDERS_HEADER])
def test_an_empty_file_is_loaded_with_no_rows_and_said_to_be_empty(landing: Landing, content: str) -> None:
    landing.write("feeds/orders.csv", content)
    result = landing.ingest()
    assert report(result, "orders.csv").status == "loaded"
    assert result.notes == ["feeds/orders.csv: The file has no rows."]
    assert landing.query("select status, rows_in from raw.files") == [("loaded", 0)]


def test_a_file_that_vanishes_is_reported_and_the_others_load(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = landing.write("feeds/orders.csv", ORDERS_HEADER + order(1))
    landing.write("feeds/order_lines.csv", LINES_HEADER + line(1))
    hashed = arrivals.hashed_local

    def vanishing(path: Path) -> object:
        found = hashed(path)
        if path == gone:
            gone.unlink()
        return found

    monkeypatch.setattr(arrivals, "hashed_local", vanishing)
    result = landing.ingest()
    assert report(result, "orders.csv").status == "vanished"
    assert any("feeds/orders.csv was not loaded" in note for note in result.notes)
    assert landing.query("select count(*) from raw.order_lines") == [(1,)]
    assert landing.query("select count(*) from raw.files") == [(1,)]


def test_a_path_without_files_is_a_note_and_not_an_error(landing: Landing) -> None:
    result = landing.ingest()
    assert len(result.notes) == 1
    assert "no file matches feeds/*" in result.notes[0]


def test_extra_columns_are_ignored_and_reported_once_per_file(landing: Landing) -> None:
    header = ORDERS_HEADER.replace("\n", ",shoe_size\n")
    landing.write("feeds/orders.csv", header + order(1).replace("\n", ",44\n"))
    result = landing.ingest()
    assert report(result, "orders.csv").ignored_columns == ("shoe_size",)
    assert result.notes == ["feeds/orders.csv: columns not used: shoe_size."]


BOMB = "a: &a [x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MISTAKES = [
    ("sources:\n  shop:\n    format: canonical\n    pth: x\n", 4, "source shop has no key 'pth'; did you mean 'path'?"),
    ("sources:\n  shop:\n    format: canonical\n", 2, "source shop needs the key 'path'."),
    ("sources:\n  shop:\n    format: canonicle\n    path: x\n", 3, "did you mean 'canonical'?"),
    ("sources:\n  shop:\n    format: canonical\n    path: x\n    feed: order\n", 5, "did you mean 'orders'?"),
    (
        "sources:\n  s:\n    format: canonical\n    path: x\n    columns: {a: order_idd}\n",
        5,
        "did you mean 'order_id'?",
    ),
    ("sources:\n  s:\n    format: canonical\n    path: x\n    time_zone: Europe/Londn\n", 5, "'Europe/London'?"),
    ("sources:\n  s: {format: canonical, path: x}\n  s: {format: canonical, path: y}\n", 3, "'s' is written twice."),
    ("sources:\n  s: [\n", 3, "this is not valid YAML: a bracket [ or { is not closed, or a value is missing in it."),
    ("sources:\n  s: {format: canonical, path: [x}\n", 2, "the bracket [ is not closed; write ] at its end"),
    ("sources:\n  s:\n    path: {a: b\n    format: canonical\n", 3, "the bracket { is not closed; write } at its end"),
    ("sources:\n  s: {format: canonical, path: x}}\n", 2, "there is a } without an opening bracket."),
    ("sources:\n  s: {format: canonical, path: 'x}\n", 2, "a quotation mark is not closed."),
    ("sources:\n  s:\n\tpath: x\n", 3, "a value cannot begin with '\\t'; indent with spaces, and quote the value."),
    ("sources:\n  s:\n    path: a: b\n", 3, "there is a colon too many, or the line is indented wrongly"),
    ("sources:\n  s:\n    format: canonical\n    path: 5\n", 4, "source s: path: 5 is no path; write ./5 if"),
    ("sources:\n  s:\n    format: canonical\n    path: [x, true]\n", 4, "path: true is no path; write ./true if"),
    (
        "merchant: {currency: EUR}\nsources: {}\n",
        1,
        "merchant has no key 'currency'; did you mean 'reporting_currency'?",
    ),
    ("source: {}\n", 1, "did you mean 'sources'?"),
    ("sources:\n", 1, "the file needs the key 'sources'."),
    ("sources: 5\n", 1, "sources: it must be keys with values"),
    (
        "sources:\n  s: &s {format: canonical, path: [*s]}\n",
        2,
        "the file is nested too deeply, or its anchors (&) repeat too many values.",
    ),
    (BOMB, None, "its anchors (&) repeat too many values."),
    ("sources:\n  s: {format: canonical, path: x, ? [a, b] : c}\n", 2, "a key must be one text."),
    ("sources:\n  s:\n", 2, "source s needs the key 'format'."),
    ("sources:\n  s: {format: canonical, path: ''}\n", 2, "source s: path: it is empty."),
    ("sources:\n  s: {format: canonical, path: x, delimiter: '\"'}\n", 2, "but no quote and no new line."),
    ("sources:\n  s: {format: canonical, path: x, words: {kind: {a: captued}}}\n", 2, "did you mean 'captured'?"),
    ("sources:\n  s: {format: canonical, path: x, serves: t}\n", 2, "serves: there is no source 't'"),
    ("sources:\n  s: {format: canonical, path: []}\n", 2, "source s: path: it is empty."),
    ("sources:\n  s: {format: canonical, path: {a: b}}\n", 2, "path: it must be one text, or a list of texts."),
    ("sources:\n  s: {format: canonical, path: x, header: perhaps}\n", 2, "header: it must be true or false."),
    ("sources:\n  s: {format: canonical, path: x, priority: high}\n", 2, "priority: it must be a whole number."),
    ("sources:\n  s: {format: canonical, path: x, covers: ordres}\n", 2, "'ordres'; did you mean 'orders'?"),
    (
        "sources:\n  s: {format: canonical, path: x, columns: a}\n",
        2,
        "columns: they must be {theirs: ours} or, for a file",
    ),
    ("sources:\n  s: {format: canonical, path: x, words: {kind: a}}\n", 2, "kind: it must be keys with values"),
]


@pytest.mark.parametrize(("text", "number", "sentence"), MISTAKES)
def test_a_mistake_in_the_sources_file_is_named_with_its_line(
    landing: Landing, text: str, number: int | None, sentence: str
) -> None:
    landing.declare(text)
    with pytest.raises(OrderhouseError) as caught:
        landing.ingest()
    if number is not None:
        assert str(caught.value).startswith(f"{landing.sources_file}:{number}: ")
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"sources:\n  # f\xfcr den Laden\n", "sources.yaml:2: this is not UTF-8. Save the file as UTF-8."),
        (b"[" * 5000, "sources.yaml: the file is nested too deeply."),
    ],
)
def test_a_sources_file_that_cannot_be_read_is_named(landing: Landing, content: bytes, sentence: str) -> None:
    landing.write("sources.yaml", content)
    with pytest.raises(OrderhouseError, match=re.escape(sentence)):
        landing.ingest()


def test_a_folder_is_no_sources_file(landing: Landing) -> None:
    with pytest.raises(OrderhouseError, match="cannot be read as a sources file: Is a directory"):
        load_sources(landing.folder)


def test_a_name_that_is_not_utf_8_is_said_and_the_other_files_load(landing: Landing) -> None:
    landing.write("feeds/orders-ok.csv", ORDERS_HEADER + order(1))
    with Path(os.fsdecode(bytes(landing.folder / "feeds") + b"/orders-\xff.csv")).open("w") as odd:
        odd.write(ORDERS_HEADER + order(2))
    for _ in range(2):
        result = landing.ingest()
        assert any(
            "orders-\\xff.csv: its name is not UTF-8. Rename the file to load it." in note for note in result.notes
        )
    assert landing.query("select order_id from raw.orders") == [("o1",)]
    (trial,) = check_sources(landing.settings)
    assert "its name is not UTF-8" in trial.notes[0]


NAMES = "Mortimer Glubbson,Wimpole Snickway,Berlin,web\nArabella Throop,Fenwick Lane,Bonn,web\n"


def test_a_person_in_the_first_line_of_a_file_without_header_is_stored_nowhere(landing: Landing) -> None:
    landing.write("feeds/orders.csv", NAMES)
    result = landing.ingest()
    assert report(result, "orders.csv").reason == (
        "The file has no columns order_id, placed_at, updated_at, currency, which orders requires, nor any other that "
        "is known. `orderhouse sources check shop` shows what its first line says. If it has no header, declare "
        "`header: false` and the source's `columns` in order."
    )
    assert "Glubbson" not in str(landing.query("from raw.files"))
    (trial,) = check_sources(landing.settings)
    assert "it has Mortimer Glubbson, Wimpole Snickway" in trial.notes[0]


def test_files_that_stay_refused_are_named_once_and_together(landing: Landing) -> None:
    for number in range(5):
        landing.write(f"feeds/orders-{number}.csv", f"order_id,colour\n{number},red\n")
    shown = "feeds/orders-0.csv, feeds/orders-1.csv, feeds/orders-2.csv"
    (note,) = [note for note in landing.ingest().notes if "refused" in note]
    assert note.startswith(f"{shown} and 2 more were refused: The file has no columns placed_at")
    (note,) = landing.ingest().notes
    assert note == f"{shown} and 2 more are still refused. The reasons are in quality.files."


def test_two_columns_for_one_of_ours_are_not_guessed_between(landing: Landing) -> None:
    declared = (
        "sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    columns: {Nr: order_id, Nummer: order_id}\n"
    )
    landing.declare(declared)
    row = ",2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EUR\n"
    for number, name in enumerate(("Nr", "Nummer", "Nr,Nummer", "order_id,Nr"), 1):
        ids = ",".join([str(number), "other"][: name.count(",") + 1][:: -1 if "order_id" in name else 1])
        landing.write(f"feeds/orders-{number}.csv", f"{name},placed_at,updated_at,currency\n{ids}{row}")
    result = landing.ingest()
    assert report(result, "orders-3.csv").reason == (
        "The file has both Nr and Nummer, and the source's `columns` make order_id of each. Take nothing from "
        "one of them: `Nummer: _`."
    )
    assert report(result, "orders-4.csv").ignored_columns == ("order_id",)
    assert landing.query("select order_id from raw.orders order by order_id") == [("1",), ("2",), ("4",)]


def test_a_missing_sources_file_is_named(landing: Landing) -> None:
    landing.sources_file.unlink()
    with pytest.raises(OrderhouseError, match="There is no sources file"):
        landing.ingest()


def test_a_number_in_a_column_of_words_is_kept_back_and_the_row_accepted(landing: Landing) -> None:
    row = "p1,o1,+49 171 5550123,5,EUR,2026-01-02T03:04:05Z\np2,o1,captured,5,EUR,2026-01-02T03:04:05Z\n"
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + row)
    landing.ingest()
    (token, captured) = [kind for (kind,) in landing.query("select kind from raw.payments order by payment_id")]
    assert captured == "captured"
    with open_vault(landing.settings) as vault:
        assert vault.reveal([token]) == {token: "+49 171 5550123"}


def test_an_address_in_a_column_that_broke_no_rule_is_a_token_in_quarantine(landing: Landing) -> None:
    header = "order_id,placed_at,updated_at,currency,ship_city\n"
    landing.write("feeds/orders.csv", f"{header}o1,2026-01-02T03:04:05Z,2026-01-02T03:04:05Z,EURO,anna@example.com\n")
    landing.ingest()
    ((row,),) = landing.query("select row_json from raw.quarantine")
    assert "anna" not in row
    assert "ship_city_token" in json.loads(row)


def test_the_first_line_of_a_file_without_header_is_not_shown(landing: Landing) -> None:
    landing.write("feeds/customers.csv", "c1,2026-01-02T03:04:05Z,Anna,Anna\n")
    landing.write("feeds/orders.csv", "o1,2026-01-02T03:04:05Z,Anna\n")
    notes = " ".join(landing.ingest().notes)
    assert notes.count("looks like data") == 2
    assert "Anna" not in notes


def test_text_guarded_by_an_export_is_read_back_as_it_was(landing: Landing) -> None:
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    guarded: true\n")
    landing.write(
        "feeds/order_lines.csv", LINES_HEADER + line(1).replace("sku1", "'=1+1") + line(2).replace("sku2", "''t")
    )
    landing.ingest()
    assert landing.query("select sku from raw.order_lines order by order_id") == [("=1+1",), ("'t",)]


PLAIN = (
    '{"order_id": "%s", "placed_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z", "currency": "EUR"}'
)
DEEP = PLAIN.replace("}", ', "more": ' + '{"]": [' * 2_000 + "]}" * 2_000 + "}")
TWICE = PLAIN.replace("}", ', "currency": "USD"}')
TWICE_INSIDE = PLAIN.replace("}", ', "more": [{"a": 1, "a": 2}]}')


@pytest.mark.parametrize(
    ("bad", "why"), [(DEEP, "nested too deep"), (TWICE, "two values"), (TWICE_INSIDE, "two values")]
)
@pytest.mark.parametrize(
    ("form", "records"),
    [("[{}, {}, {}]", (1, 2, 3)), ("{}\n{}\n{}\n", (1, 2, 3)), ("[\n {},\n{}\n,{}]\n", (1, 2, 3))],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_json_record_that_cannot_be_read_is_quarantined_alone(
    landing: Landing, form: str, records: tuple[int, ...], bad: str, why: str, place: int
) -> None:
    made = [bad % "bad" if place == number else PLAIN % f"o{number}" for number in range(3)]
    for record in made:
        form = form.replace("{}", record, 1)
    landing.write("feeds/orders.json", form)
    landing.ingest()
    good = [(f"o{number}", records[number]) for number in range(3) if number != place]
    assert landing.query("select order_id, _record from raw.orders order by all") == good
    ((feed, record, rules, reasons),) = landing.quarantined()
    assert (feed, record, rules) == ("orders", records[place], '["readable_record"]')
    assert why in reasons


@pytest.mark.parametrize("content", ["[{}, {}", "[{} {}]", "[{}, ]", "[{}] []", "[{}, {}]]"])
def test_broken_array_is_rejected_though_a_record_of_it_cannot_be_read(landing: Landing, content: str) -> None:
    landing.write("feeds/orders.json", content.replace("{}", TWICE % "o1"))
    assert "The file is not JSON" in str(report(landing.ingest(), "orders.json").reason)
