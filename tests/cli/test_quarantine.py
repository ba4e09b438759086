"""Tests of the quarantine at the command line, from the worklist to the repaired row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from orderhouse.cli.application import run_command
from orderhouse.storage.warehouse import run_lock

from tests.ingest.landing import ORDERS_HEADER, Landing, order

Orderhouse = Callable[..., tuple[int, str, str]]


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """Return a home with three orders, two of them in a currency that does not exist."""
    place = Landing(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    place.write("feeds/orders.csv", ORDERS_HEADER + order(1) + order(2, "EURO") + order(3, "EURO"))
    place.ingest()
    return place


@pytest.fixture
def quarantine(landing: Landing, capsys: pytest.CaptureFixture[str]) -> Orderhouse:
    """Run `orderhouse quarantine …` in this process; return exit code, output and errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = run_command(["--home", str(landing.settings.home), "quarantine", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_every_row_of_a_rule_is_repaired_at_once_and_history_says_by_whom(quarantine: Orderhouse) -> None:
    rule = ("--rule", "currency|iso_4217", "--source", "shop")
    code, out, _ = quarantine("repair", *rule, "--set", "currency=EUR", "--why", "typo", "--who", "ada", "--yes")
    assert code == 0 and "2 matching rows in quarantine." in out and "Replayed 2 repaired rows" in out
    assert "repaired" not in quarantine("list")[1]
    assert quarantine("list", "--state", "all")[1].count("repaired") == 2
    _, out, _ = quarantine("history")
    assert out.count("ada") == 2 and "currency: EURO → EUR" in out and "typo" in out and out.count("accepted") == 2


def test_without_yes_a_bulk_repair_asks_and_does_nothing_when_the_answer_is_no(
    quarantine: Orderhouse, landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, out, _ = quarantine("repair", "--source", "shop", "--set", "currency=EUR", "--why", "typo")
    assert code == 130 and "2 matching rows in quarantine." in out
    assert landing.query("select count(*) from raw.repairs") == [(0,)]


def test_personal_values_are_shown_and_exported_only_when_asked(quarantine: Orderhouse, landing: Landing) -> None:
    ((known,),) = landing.query("select quarantine_id from raw.quarantine where record = 3")
    assert "person2@example.com" not in quarantine("show", known)[1] + quarantine("export")[1]
    assert "person2@example.com" in quarantine("show", known, "--reveal")[1]
    target = landing.folder / "bad.csv"
    quarantine("export", "--source", "shop", "--reveal", "--to", str(target))
    rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
    assert [(row["path"], row["record"], row["row.email"]) for row in rows] == [
        ("feeds/orders.csv", "3", "person2@example.com"),
        ("feeds/orders.csv", "4", "person3@example.com"),
    ]
    assert "is not an ISO-4217 currency" in rows[0]["reasons"] and target.stat().st_mode & 0o077 == 0


def test_a_discarded_row_stays_in_the_list_and_can_be_taken_back(quarantine: Orderhouse, landing: Landing) -> None:
    ((known,),) = landing.query("select quarantine_id from raw.quarantine where record = 3")
    assert quarantine("discard", known)[0] == 2, "a reason is compulsory"
    assert "1 row discarded." in quarantine("discard", known[:6], "--why", "a test order")[1]
    assert "discarded" in quarantine("list")[1]
    ((repair_id,),) = landing.query("select repair_id from raw.repairs")
    assert "1 repair withdrawn." in quarantine("discard", repair_id, "--why", "it was real")[1]
    assert "discarded" not in quarantine("list")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("repair", "--set", "currency=EUR", "--why", "x"), "Name rows by their ids"),
        (("repair", "zzz", "--set", "currency=EUR", "--why", "x"), "There is no row 'zzz' in quarantine."),
        (("repair", "--source", "shop", "--set", "currency", "--why", "x"), "`--set currency` is not an assignment"),
        (("repair", "--source", "shop", "--why", "x"), "The repair changes no column"),
        (("repair", "--source", "none", "--set", "a=b", "--why", "x"), "No open row in quarantine matches."),
        (("repair", "--source", "shop", "-y", "--set", "curency=b", "--why", "x"), "Did you mean currency?"),
        (("list", "--state", "lost"), "'lost' is not a state of quarantined rows"),
        (("discard", "r123", "--why", "x"), "There is no repair 'r123'"),
    ],
)
def test_wrong_usage_is_a_sentence(quarantine: Orderhouse, arguments: tuple[str, ...], sentence: str) -> None:
    code, _, err = quarantine(*arguments)
    assert code == 2 and sentence in err


def test_a_repair_waits_for_the_run_that_holds_the_warehouse(quarantine: Orderhouse, landing: Landing) -> None:
    with run_lock(landing.settings, "run"):
        code, _, err = quarantine("repair", "--source", "shop", "-y", "--set", "currency=EUR", "--why", "x")
    assert code == 3 and "is held by run" in err
    assert landing.query("select count(*) from raw.repairs") == [(0,)]


def test_replaying_with_nothing_to_do_says_so(quarantine: Orderhouse) -> None:
    assert "Nothing has changed" in quarantine("replay")[1]


@pytest.fixture
def till(landing: Landing) -> str:
    """Load an invoice line with an unreadable time beside the orders; return the id of a row made from it."""
    landing.declare(
        "sources:\n  shop: {format: canonical, path: feeds/*}\n  till: {format: online_retail, path: till/*}\n"
    )
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    landing.write("till/day.csv", f"{header}\n539461,22314,BLUE MUG,2,sometime,1.25,17243.0,United Kingdom\n")
    landing.ingest()
    ((known,),) = landing.query("select quarantine_id from raw.quarantine where source = 'till' and feed = 'orders'")
    return str(known)


def test_showing_a_row_says_which_repair_is_the_one_for_it(quarantine: Orderhouse, landing: Landing, till: str) -> None:
    _, out, _ = quarantine("show", till)
    assert f"orderhouse quarantine repair {till} --received --set field=value" in out
    assert "InvoiceDate" in out and "1.25" in out and "BLUE MUG" not in out and "sometime" not in out
    assert "BLUE MUG" in quarantine("show", till, "--reveal")[1]
    ((known,),) = landing.query("select quarantine_id from raw.quarantine where source = 'shop' and record = 3")
    _, out, _ = quarantine("show", known)
    assert f"orderhouse quarantine repair {known} --set column=value" in out and "--received" not in out


def test_a_record_as_received_is_repaired_and_taken_back(quarantine: Orderhouse, landing: Landing, till: str) -> None:
    given = ("--set", "InvoiceDate=2010-12-19 10:21:00", "--why", "the till was down", "--who", "ada")
    _, out, _ = quarantine("repair", till, "--received", *given)
    assert "Recorded the repair of 1 record as received." in out
    assert "till/day.csv:2 was reread with its repair: the rows of the record are in their feeds." in out
    for table in ("orders", "order_lines", "products", "customers"):
        assert landing.query(f"select count(*) from raw.{table} where _source = 'till'") == [(1,)], table
    _, out, _ = quarantine("show", till)
    assert "the till was down" in out and "repaired" in out
    assert "Nothing has changed" in quarantine("replay")[1]
    ((repair_id,),) = landing.query("select repair_id from raw.repairs")
    _, out, _ = quarantine("discard", repair_id, "--why", "it was another day")
    assert "till/day.csv:2 was reread as received: its repair was withdrawn." in out
    assert "record_patch" in "".join(quarantine("history", "--what", "record_patch")[1].split())


def test_a_whole_record_may_come_from_the_input(
    quarantine: Orderhouse, landing: Landing, till: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "539461,22314,CUP,2,2010-12-19 10:21:00,1.25,17243.0,United Kingdom\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(whole))
    assert quarantine("repair", till, "--text", "-", "--why", "read out")[0] == 0
    assert landing.query("select name from raw.products") == [("CUP",)]


def test_text_that_a_spreadsheet_would_run_is_guarded_in_the_export(quarantine: Orderhouse, landing: Landing) -> None:
    landing.write("feeds/orders_evil.csv", ORDERS_HEADER + order(9, "EURO").replace("o9", "＝cmd"))
    landing.ingest()
    assert ",'＝cmd" in quarantine("export")[1]
    assert ",＝cmd" in quarantine("export", "--no-guard")[1]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_personal_values_are_not_written_into_what_others_can_read(
    quarantine: Orderhouse, landing: Landing, kind: str
) -> None:
    target, readable = landing.folder / "bad.csv", landing.folder / "readable.csv"
    readable.write_text("before")
    readable.chmod(0o644)
    readable.rename(target) if kind == "file" else target.symlink_to(readable)
    code, _, said = quarantine("export", "--reveal", "--to", str(target))
    assert code == 2 and "exists already" in said
    assert target.read_text() == "before"
