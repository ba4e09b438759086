"""Tests of repaired records: all rows that a format makes of one follow, and everything can still be queried."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from orderhouse.erasure import erase
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.repairs_in_force import WHOLE
from orderhouse.settings import load_settings
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import LINES_HEADER, Landing, line
from tests.ingest.live_rows import what_counts
from tests.properties.killing import kill
from tests.repair.mending import Mending

AT = "2010-12-19 10:21:00"
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SHOP = "sources:\n  till: {{format: online_retail, path: till/*, {}}}\n"
SHOPIFY_ORDER = {
    "id": 7,
    "order_number": 1007,
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
    "currency": "EUR",
    "email": "anna.schmidt@example.com",
    "total_price": "20.00",
    "financial_status": "paid",
    "line_items": [{"id": 71, "sku": "mug", "quantity": 2, "price": "10.00", "title": "Mug"}],
    "customer": {"id": 70, "first_name": "Anna", "last_name": "Schmidt", "email": "anna.schmidt@example.com"},
}


def sold(invoice: str, code: str, at: str = AT, quantity: str = "2", price: str = "1.25") -> str:
    return f"{invoice},{code},MUG,{quantity},{at},{price},17243.0,United Kingdom\n"


GOOD = HEADER + sold("539461", "22314") + sold("539461", "22315") + sold("539462", "22316", "2010-12-19 11:00:00")
BAD = GOOD.replace(f"22315,MUG,2,{AT}", "22315,MUG,2,sometime")


@pytest.fixture
def till(landing: Landing) -> Landing:
    """Return a shop whose second invoice line has an unreadable time: its order, line and product are in quarantine."""
    landing.declare(SHOP.format("time_zone: Europe/London"))
    landing.write("till/day.csv", BAD)
    landing.ingest()
    return landing


def unbroken(landing: Landing, name: str, content: str | bytes) -> dict[str, list[tuple[object, ...]]]:
    """Return the live content of a home with the same keys that received the file in good order."""
    other = Landing(landing.folder / "unbroken")
    (other.folder / "home" / "vault").mkdir(parents=True)
    shutil.copy(landing.settings.home / "vault" / "keys", other.folder / "home" / "vault" / "keys")
    other.declare(landing.sources_file.read_text())
    other.write(name, content)
    other.ingest()
    return what_counts(other.settings)


def broken(landing: Landing, record: int, feed: str | None = None) -> str:
    """Return the id of a row in quarantine that came from a record."""
    rows = Mending(landing.settings).rows("open", "patched", "patch_failed")
    return str(next(row["quarantine_id"] for row in rows if row["record"] == record and feed in {None, row["feed"]}))


def test_all_that_a_format_makes_of_a_record_follows_its_repair(till: Landing) -> None:
    assert {feed for feed, *_ in till.quarantined()} == {"orders", "order_lines", "products", "customers"}
    done = Mending(till.settings).repair_record(broken(till, 3), {"InvoiceDate": AT})
    assert done.sentences == ["till/day.csv:3 was reread with its repair: the rows of the record are in their feeds."]
    assert what_counts(till.settings) == unbroken(till, "till/day.csv", GOOD)


def test_a_patched_record_stands_where_it_stood(landing: Landing) -> None:
    """The lines of an invoice are numbered by their position in the file."""
    landing.declare(SHOP.format("time_zone: Europe/London"))
    landing.write("till/day.csv", GOOD.replace(sold("539461", "22314"), sold("539461", "22314", "sometime")))
    landing.ingest()
    Mending(landing.settings).repair_record(broken(landing, 2, "order_lines"), {"InvoiceDate": AT})
    assert what_counts(landing.settings) == unbroken(landing, "till/day.csv", GOOD)


def test_rows_of_a_repaired_record_say_so_and_who_did_it(till: Landing) -> None:
    mending = Mending(till.settings)
    mending.repair_record(broken(till, 3), {"InvoiceDate": AT})
    states = {(row["record"], row["feed"]): (row["state"], row["repair_made_by"]) for row in mending.rows()}
    assert states == {
        (2, "orders"): ("superseded", None),
        (3, "order_lines"): ("repaired", "ada"),
        (3, "products"): ("repaired", "ada"),
        (3, "customers"): ("repaired", "ada"),
    }


def test_a_patch_is_written_down_without_what_may_be_personal(till: Landing) -> None:
    Mending(till.settings).repair_record(broken(till, 3), {"InvoiceDate": AT, "Description": "FOR ANNA SCHMIDT"})
    ((kind, fields, before),) = till.query("select kind, fields, fields_before from raw.repairs")
    assert kind == "record_patch" and "ANNA" not in fields and "sometime" not in before
    assert json.loads(fields)["InvoiceDate"] == AT and json.loads(fields)["Description"].startswith("token:")
    assert till.query("select name from raw.products where sku = '22315' order by _batch_id desc limit 1") == [
        ("FOR ANNA SCHMIDT",)
    ]


def test_doing_it_again_changes_nothing(till: Landing) -> None:
    mending = Mending(till.settings)
    mending.repair_record(broken(till, 3), {"InvoiceDate": AT})
    before = till.query("select (select count(*) from raw.batches), (select count(*) from raw.files)")
    assert mending.reread().batch_id is None
    assert till.ingest().batch_id is None
    assert till.query("select (select count(*) from raw.batches), (select count(*) from raw.files)") == before


def test_a_repair_that_does_not_heal_leaves_the_row_with_its_new_reasons(till: Landing) -> None:
    mending = Mending(till.settings)
    done = mending.repair_record(broken(till, 3), {"InvoiceDate": "2010-12-45 10:21:00"})
    (sentence,) = done.sentences
    assert "till/day.csv:3 stays in quarantine: " in sentence and "does not exist" in sentence
    assert {row["state"] for row in mending.rows() if row["record"] == 3} == {"superseded", "patch_failed"}
    mending.repair_record(broken(till, 3), {"InvoiceDate": AT})
    assert what_counts(till.settings) == unbroken(till, "till/day.csv", GOOD)


def test_a_second_patch_adds_to_the_first(till: Landing) -> None:
    till.write("till/day.csv", BAD.replace("22315,MUG,2,", "22315,MUG,many,"))
    till.ingest()
    mending = Mending(till.settings)
    (row, *_) = [
        each
        for each in mending.rows("open")
        if each["feed"] == "order_lines" and "quantity" in each["reasons"] and each["record"] == 3
    ]
    mending.repair_record(row["quarantine_id"], {"Quantity": "2"})
    mending.repair_record(row["quarantine_id"], {"InvoiceDate": AT})
    fields = [json.loads(fields) for (fields,) in till.query("select fields from raw.repairs order by batch_id")]
    assert fields == [{"Quantity": "2"}, {"Quantity": "2", "InvoiceDate": AT}]


def test_a_withdrawal_gives_the_unrepaired_state_again(till: Landing) -> None:
    mending = Mending(till.settings)
    before = what_counts(till.settings)
    repair_id, _ = mending.note_record(broken(till, 3), {"InvoiceDate": AT})
    mending.reread()
    assert what_counts(till.settings) != before
    mending.take_back(repair_id)
    assert what_counts(till.settings) == before
    assert {row["state"] for row in mending.rows() if row["record"] == 3} == {"superseded", "open"}
    ids = [quarantine_id for (quarantine_id,) in till.query("select quarantine_id from raw.quarantine")]
    assert len(ids) == len(set(ids)), "each load names its rows anew"
    assert till.ingest().batch_id is None
    with pytest.raises(OrderhouseError, match="is not in force"):
        mending.take_back(repair_id)


@pytest.mark.parametrize("moment", ["record_repair_noted", "after_vault", "before_commit", "after_commit"])
def test_killed_at_any_moment_it_is_carried_out_by_the_next_run(till: Landing, moment: str) -> None:
    command = ("quarantine", "repair", broken(till, 3), "--received", "--set", f"InvoiceDate={AT}")
    (till.settings.home.parent / "till/day.csv").rename(till.folder / "moved.csv")
    kill(*command, "--why", "x", "--who", "ada", home=till.settings.home, fault=moment)
    till.ingest()
    assert what_counts(till.settings) == unbroken(till, "till/day.csv", GOOD)
    assert till.query("select outcome from raw.replays") == [("accepted",)]


def test_a_patch_that_was_only_noted_is_carried_out_by_the_next_ingest(till: Landing) -> None:
    mending = Mending(till.settings)
    mending.note_record(broken(till, 3), {"InvoiceDate": AT})
    assert {row["state"] for row in mending.rows() if row["record"] == 3} == {"patched"}
    assert (
        "till/day.csv:3 was reread with its repair: the rows of the record are in their feeds." in till.ingest().notes
    )
    assert what_counts(till.settings) == unbroken(till, "till/day.csv", GOOD)


def test_a_repaired_record_stays_repaired_when_its_file_is_read_under_another_mapping(till: Landing) -> None:
    mending = Mending(till.settings)
    mending.repair_record(broken(till, 3), {"InvoiceDate": AT})
    (till.folder / "till/day.csv").unlink()
    till.declare(SHOP.format("time_zone: Europe/London, id_prefix: T-"))
    till.ingest()
    assert what_counts(till.settings) == unbroken(till, "till/day.csv", GOOD)


def test_row_decisions_about_other_records_of_the_file_hold_again(landing: Landing) -> None:
    content = LINES_HEADER + line(1, "many") + line(2, "few") + line(3, "none") + line(4)
    landing.write("feeds/order_lines.csv", content)
    landing.ingest()
    mending = Mending(landing.settings)
    mending.repair(2, {"quantity": "1"})
    mending.discard(3)
    mending.repair_record(broken(landing, 4), {"quantity": "3"})
    states = [(row["record"], row["state"]) for row in mending.rows("repaired", "discarded", "open")]
    assert states == [(2, "repaired"), (3, "discarded"), (4, "repaired")]
    lines = what_counts(landing.settings)["order_lines"]
    assert sorted(row[0] for row in lines) == ["o1", "o3", "o4"]


def test_a_row_that_stays_in_quarantine_can_be_repaired_as_a_row_afterwards(till: Landing) -> None:
    mending = Mending(till.settings)
    mending.repair_record(broken(till, 3), {"Quantity": "3"})
    mending.patch_one(broken(till, 3, "order_lines"), {"updated_at": AT})
    mending.replay()
    (row,) = [each for each in mending.rows("repaired") if each["feed"] == "order_lines"]
    assert row["repair_kind"] == "patch"
    assert [row[4] for row in till.query("select * from raw.order_lines where sku = '22315'")]


def test_a_line_that_cannot_be_read_is_given_whole_or_field_by_field(landing: Landing) -> None:
    landing.declare(SHOP.format("time_zone: Europe/London"))
    landing.write("till/day.csv", GOOD.replace(sold("539461", "22315"), "539461,2\n"))
    landing.ingest()
    mending = Mending(landing.settings)
    wanted = unbroken(landing, "till/day.csv", GOOD)
    (row,) = mending.rows("open")
    with pytest.raises(OrderhouseError, match="each of its fields has to be given; StockCode, Description"):
        mending.note_record(row["quarantine_id"], {"InvoiceNo": "539461"})
    with pytest.raises(OrderhouseError, match="has 1 fields, the header 8"):
        mending.note_record(row["quarantine_id"], {}, "539461")
    assert landing.query("select count(*) from raw.repairs") == [(0,)]
    repair_id, _ = mending.note_record(row["quarantine_id"], {}, sold("539461", "22315").strip())
    mending.reread()
    assert what_counts(landing.settings) == wanted
    ((fields,),) = landing.query("select fields from raw.repairs")
    assert list(json.loads(fields)) == [WHOLE]
    mending.take_back(repair_id)
    names = HEADER.strip().split(",")
    values = dict(zip(names, sold("539461", "22315").strip().split(","), strict=True))
    mending.repair_record(row["quarantine_id"], values)
    assert what_counts(landing.settings) == wanted


@pytest.mark.parametrize("layout", ["array", "lines", "envelope", "line with an envelope", "alone"])
def test_a_json_record_is_repaired_by_paths_however_it_lies_in_its_file(landing: Landing, layout: str) -> None:
    landing.declare("sources:\n  shop: {format: shopify_orders, path: api/*}\n")
    second = {**SHOPIFY_ORDER, "id": 8, "order_number": 1008}
    bad = json.loads(json.dumps(SHOPIFY_ORDER))
    bad["line_items"][0]["quantity"], bad["created_at"] = "two", "new year"

    def written(first: object) -> str:
        both = [first] if layout == "alone" else [second, first]
        if layout == "lines":
            return "".join(f"{json.dumps(each)}\n" for each in both)
        if "envelope" in layout:
            return json.dumps({"orders": both}, indent=1 if layout == "envelope" else None)
        return json.dumps(first if layout == "alone" else both)

    landing.write("api/orders.json", written(bad))
    landing.ingest()
    assert {feed for feed, *_ in landing.quarantined()} >= {"orders", "order_lines"}
    record, holder = {"alone": (1, ""), "line with an envelope": (1, "orders.1.")}.get(layout, (2, ""))
    fields = {f"{holder}line_items.0.quantity": "2", f"{holder}created_at": "2026-01-02T03:04:05Z"}
    Mending(landing.settings).repair_record(broken(landing, record), fields)
    assert what_counts(landing.settings) == unbroken(landing, "api/orders.json", written(SHOPIFY_ORDER))


def test_a_json_field_that_was_not_there_may_be_set_and_that_is_said(landing: Landing) -> None:
    landing.declare("sources:\n  shop: {format: shopify_orders, path: api/*}\n")
    bad = {name: value for name, value in SHOPIFY_ORDER.items() if name != "currency"}
    landing.write("api/orders.json", json.dumps([bad]))
    landing.ingest()
    mending = Mending(landing.settings)
    known = broken(landing, 1)
    for path, sentence in (
        ("line_item.0.price", r"no field 'line_item' \(did you mean line_items\?\)"),
        ("line_items.3.price", "names the entry 3 of a list that has 1 entries, 0 to 0"),
        ("currency.code.x", "the record has no field 'currency'"),
    ):
        with pytest.raises(OrderhouseError, match=sentence):
            mending.note_record(known, {path: "1"})
    _, notes = mending.note_record(known, {"currency": "EUR"})
    assert notes == ["api/orders.json:1 had no currency. The repair adds it."]
    mending.reread()
    wanted = unbroken(landing, "api/orders.json", json.dumps([SHOPIFY_ORDER]))
    assert what_counts(landing.settings) == wanted


def test_a_line_of_json_that_cannot_be_read_is_given_whole(landing: Landing) -> None:
    at = "2026-01-02T03:04:05Z"
    good = json.dumps({"order_id": "o1", "placed_at": at, "updated_at": at, "currency": "EUR"})
    landing.write("feeds/orders.ndjson", f"{good}\n{good[:40]}\n")
    landing.ingest()
    mending = Mending(landing.settings)
    with pytest.raises(OrderhouseError, match="the whole of it has to be given, with --text"):
        mending.note_record(broken(landing, 2), {"currency": "EUR"})
    with pytest.raises(OrderhouseError, match="is not JSON"):
        mending.note_record(broken(landing, 2), {}, "{")
    second = good.replace("o1", "o2")
    mending.repair_record(broken(landing, 2), {}, second)
    assert what_counts(landing.settings) == unbroken(landing, "feeds/orders.ndjson", f"{good}\n{second}\n")


def test_a_parquet_value_is_of_its_columns_type(landing: Landing) -> None:
    def written(path: Path, price: float) -> bytes:
        frame = pl.DataFrame(
            {"order_id": ["a"], "line_id": ["1"], "updated_at": ["2026-01-02T03:04:05Z"], "sku": ["s"], "quantity": [2],
             "unit_price": [price]}
        )  # fmt: skip
        frame.write_parquet(path)
        return path.read_bytes()

    landing.write("feeds/order_lines.parquet", written(landing.folder / "draft", -3.5))
    landing.ingest()
    mending = Mending(landing.settings)
    with pytest.raises(OrderhouseError, match="unit_price is none of its values, which are of type Float64"):
        mending.note_record(broken(landing, 1), {"unit_price": "cheap"})
    with pytest.raises(OrderhouseError, match="has no text"):
        mending.note_record(broken(landing, 1), {}, "a,1")
    mending.repair_record(broken(landing, 1), {"unit_price": "3.5"})
    good = unbroken(landing, "feeds/order_lines.parquet", written(landing.folder / "draft", 3.5))
    assert what_counts(landing.settings) == good


def test_a_field_that_a_table_has_not_is_refused_with_the_nearest_and_nothing_is_recorded(till: Landing) -> None:
    mending = Mending(till.settings)
    with pytest.raises(OrderhouseError, match=r"no field 'InvoiceDat' \(did you mean InvoiceDate\?\)"):
        mending.note_record(broken(till, 3), {"InvoiceDat": AT})
    with pytest.raises(OrderhouseError, match=r"no field 'zzz' \(it has InvoiceNo, StockCode"):
        mending.note_record(broken(till, 3), {"zzz": AT})
    assert till.query("select count(*) from raw.repairs") == [(0,)]


def test_a_file_that_can_no_longer_be_read_is_not_repaired(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHOUSE_KEEP_ORIGINALS", "false")
    landing.declare(SHOP.format("time_zone: Europe/London"))
    place = landing.write("till/day.csv", BAD)
    landing.ingest()
    mending = Mending(load_settings(home=landing.settings.home, sources=landing.sources_file))
    place.rename(landing.folder / "elsewhere.csv")
    with pytest.raises(OrderhouseError, match="till/day.csv can no longer be read: no original of it is kept"):
        mending.note_record(broken(landing, 3), {"InvoiceDate": AT})
    landing.write("till/day.csv", BAD + sold("539463", "22317"))
    with pytest.raises(OrderhouseError, match="moved, deleted or changed"):
        mending.note_record(broken(landing, 3), {"InvoiceDate": AT})
    assert landing.query("select count(*) from raw.repairs") == [(0,)]
    landing.write("till/day.csv", BAD)
    mending.repair_record(broken(landing, 3), {"InvoiceDate": AT})
    assert what_counts(landing.settings) == unbroken(landing, "till/day.csv", GOOD)


def test_a_patch_whose_file_went_away_meanwhile_waits_and_says_so(till: Landing) -> None:
    mending = Mending(till.settings)
    mending.note_record(broken(till, 3), {"InvoiceDate": AT})
    shutil.rmtree(till.settings.originals)
    (till.folder / "till/day.csv").rename(till.folder / "elsewhere.csv")
    before = what_counts(till.settings)
    assert [note for note in till.ingest().notes if "are pending, because the file can no longer be read" in note]
    assert [note for note in mending.reread().notes if "are pending: the file can no longer be read" in note]
    assert what_counts(till.settings) == before


@pytest.mark.parametrize(
    ("patched", "sentence"),
    [
        ("email", "is incomplete: its value of email is no longer in the vault"),
        (
            "customer.first_name",  # a name is made of two fields
            "can no longer be read. Its rows keep the earlier mapping",
        ),
    ],
)
def test_who_is_erased_after_a_repair_is_erased_from_it_too(landing: Landing, patched: str, sentence: str) -> None:
    landing.declare("sources:\n  shop: {format: shopify_orders, path: api/*}\n")
    bad = json.loads(json.dumps(SHOPIFY_ORDER)) | {"created_at": "new year", "email": "anna@@example"}
    landing.write("api/orders.json", json.dumps([bad]))
    landing.ingest()
    mending = Mending(landing.settings)
    given = {"email": "anna.schmidt@example.com", "customer.first_name": "Anna"}[patched]
    mending.repair_record(broken(landing, 1), {"created_at": "2026-01-02T03:04:05Z", patched: given})
    (landing.folder / "api/orders.json").unlink()
    erase(landing.settings, "70", "customer_id")
    with open_vault(landing.settings) as vault:
        left = " ".join(value for (value,) in vault.connection.execute("select value from personal").fetchall())
    assert "anna" not in left.lower()
    landing.declare("sources:\n  shop: {format: shopify_orders, path: api/*, order_id_prefix: S-}\n")
    notes = landing.ingest().notes
    live = what_counts(landing.settings)
    assert len(live["orders"]) == len(live["order_lines"]) == 1 and not live["quarantine"]
    assert [note for note in notes if sentence in note]


def test_what_a_repair_gave_to_a_record_that_could_not_be_read_is_erased_with_its_person(landing: Landing) -> None:
    landing.declare("sources:\n  shop: {format: shopify_orders, path: api/*}\n")
    telling = {name: SHOPIFY_ORDER[name] for name in ("order_number", "financial_status", "line_items")}
    bad = {name: value for name, value in SHOPIFY_ORDER.items() if name not in telling} | {
        "customer": {"id": 70, "first_name": "", "last_name": "Schmidt", "email": "anna.schmidt@example.com"}
    }
    landing.write("api/orders.json", json.dumps([bad]))
    landing.ingest()
    assert [reason[:32] for *_, reason in landing.quarantined()] == ["the record is nothing that Shopi"]
    fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in telling.items()}
    Mending(landing.settings).repair_record(broken(landing, 1), {**fields, "customer.first_name": "Anna"})
    assert landing.query("select count(*) from raw.orders") == [(1,)]
    erase(landing.settings, "70", "customer_id")
    with open_vault(landing.settings) as vault:
        left = [value for (value,) in vault.connection.execute("select value from personal").fetchall()]
    assert not [value for value in left if "anna" in value.lower()]
    assert [value for value in left if "mug" in value], "what is nobody's stays"
