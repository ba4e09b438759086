"""Tests of erasing: the person is found nowhere under the home, and nothing else has changed."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook
from orderhouse.erasure import By, erase, look_up, suppress
from orderhouse.errors import OrderhouseError
from orderhouse.storage.warehouse import open_raw
from orderhouse.vault.vault import open_vault

from tests.erasure.merchant import ANNA, AT, BERTA, Merchant
from tests.properties.killing import kill


def holding(merchant: Merchant, value: str) -> list[str]:
    """Return the files under the home, and retained originals, that contain a value."""
    needle = value.encode()
    files = [path for path in merchant.settings.home.rglob("*") if path.is_file()]
    plain = [str(path.relative_to(merchant.settings.home)) for path in files if needle in path.read_bytes()]
    return plain + [path for path, content in merchant.originals().items() if needle in content]


@pytest.mark.parametrize(("customer", "by"), [("c1", "customer_id"), (f" {ANNA.email.upper()}", "email")])
def test_an_erased_person_is_nowhere_under_the_home(merchant: Merchant, customer: str, by: By) -> None:
    assert all(holding(merchant, value) for value in (ANNA.email, ANNA.phone, ANNA.street))
    done = erase(merchant.settings, customer, by, why="asked for it")
    for value in (ANNA.email, ANNA.email.upper(), ANNA.phone, ANNA.street, "Quittenbaum", "\\u00d6zt", "A. Somebody"):
        assert holding(merchant, value) == [], value
    assert set(BERTA.all()[:3]) <= merchant.vault_values()
    assert holding(merchant, BERTA.phone)
    assert (done.person.orders, done.person.customer_ids, done.originals.dropped) == (2, {"c1"}, 0)
    assert done.originals.redacted == 6
    assert set(done.elsewhere) == set(merchant.originals())


def test_an_original_reads_after_an_erasure_as_it_did_before(merchant: Merchant) -> None:
    """An unreadable line is removed as a whole. It stays unreadable, with other text."""
    rules = "select feed, record, rules from raw.quarantine where batch_id = $batch order by feed, record"
    before, quarantined = merchant.feed_rows(), merchant.query(rules, batch=1)
    erase(merchant.settings, "c1", "customer_id")
    for path in (merchant.folder / "feeds").iterdir():
        path.unlink()
    merchant.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    columns: {town: city}\n")
    merchant.ingest()
    assert merchant.query("select count(distinct batch_id) from raw.files") == [(2,)]
    assert merchant.feed_rows() == before
    assert merchant.query(rules, batch=2) == quarantined
    assert ANNA.email not in merchant.vault_values()


def test_values_that_come_again_keep_their_token_and_are_not_stored(merchant: Merchant) -> None:
    (token,) = merchant.query("select email_token from raw.customers where customer_id = 'c1'")
    erase(merchant.settings, "c1", "customer_id")
    header = "customer_id,updated_at,email,name\n"
    merchant.write("feeds/customers-2.csv", f"{header}c1,2026-02-02T00:00:00Z,{ANNA.email},Anna New\n")
    merchant.ingest()
    assert merchant.query("select distinct email_token from raw.customers where customer_id = 'c1'") == [token]
    assert ANNA.email not in merchant.vault_values()
    assert "Anna New" in merchant.vault_values(), "a value that was never erased is a new one"
    assert holding(merchant, ANNA.email) == []


def test_an_erasure_leaves_a_record_without_personal_values(merchant: Merchant) -> None:
    erase(merchant.settings, "c1", "customer_id", why="ticket 12")
    ((who, why, tokens, values, redacted),) = merchant.query(
        "select erased_by, reason, token_count, value_count, redacted_count from raw.erasures"
    )
    assert (why, redacted) == ("ticket 12", 6)
    assert who
    assert tokens == values > 8


def test_erasing_again_changes_nothing(merchant: Merchant) -> None:
    erase(merchant.settings, "c1", "customer_id")
    originals, mtimes = merchant.originals(), _times(merchant.settings.originals)
    again = erase(merchant.settings, ANNA.email, "email")
    assert (again.values, again.originals.redacted) == (0, 0)
    assert (merchant.originals(), _times(merchant.settings.originals)) == (originals, mtimes)
    assert merchant.query("select count(*) from raw.erasures") == [(1,)]


def test_nobody_is_a_plain_sentence(merchant: Merchant) -> None:
    for customer, by in (("c77", "customer_id"), ("nobody@example.com", "email"), ("0" * 32, "token")):
        with pytest.raises(OrderhouseError, match="Nobody with this"):
            erase(merchant.settings, customer, by)  # type: ignore[arg-type]
    assert merchant.query("select count(*) from raw.erasures") == [(0,)]


def test_looking_somebody_up_erases_nothing_and_says_what_others_share(merchant: Merchant) -> None:
    merchant.write("feeds/customers-3.csv", f'customer_id,updated_at,name\nc3,{AT},"{ANNA.name}"\n')
    merchant.ingest()
    values = merchant.vault_values()
    person = look_up(merchant.settings, "c1", "customer_id")
    assert person.shared == 1
    assert ANNA.email not in repr(person)
    assert merchant.vault_values() == values


def test_an_original_that_would_read_otherwise_is_not_kept(merchant: Merchant) -> None:
    """The person's name is also a product's. Replacing both would change a row, and replacing one would be a guess."""
    merchant.write(
        "feeds/customers-4.csv", f"customer_id,updated_at,name,city\nc4,{AT},Olga Ulmer,Bonn\nc5,{AT},Bo,Olga Ulmer\n"
    )
    merchant.ingest()
    done = erase(merchant.settings, "c4", "customer_id")
    assert (done.originals.redacted, done.originals.dropped) == (0, 1)
    assert "feeds/customers-4.csv" not in merchant.originals()


def test_a_restored_vault_obeys_the_list_and_its_originals_can_be_made_to(merchant: Merchant) -> None:
    backup = merchant.folder / "backup"
    shutil.copytree(merchant.settings.vault, backup)
    erase(merchant.settings, "c1", "customer_id")
    shutil.rmtree(merchant.settings.vault)
    shutil.copytree(backup, merchant.settings.vault)
    assert ANNA.email not in merchant.vault_values()
    assert any(ANNA.email.encode() in content for content in merchant.originals().values())
    assert suppress(merchant.settings).redacted == 6
    assert not any(ANNA.email.encode() in content for content in merchant.originals().values())


def rejected_files() -> dict[str, bytes]:
    """Return files that no format takes and that hold the person's address in other bytes than UTF-8."""
    book, sheet = io.BytesIO(), Workbook()
    sheet.active.append(["a", ANNA.email])
    sheet.save(book)
    table = io.BytesIO()
    pl.DataFrame({"a": [ANNA.email]}).write_parquet(table)
    return {
        "feeds/nothing-1.csv": f"a,b\n1,{ANNA.email}\n".encode(),
        "feeds/orders-2.csv": f"a,b\n1,{ANNA.email}\n".encode("utf-16"),
        "feeds/orders-3.xlsx": book.getvalue(),
        "feeds/orders-4.parquet": table.getvalue(),
        "feeds/orders-5.json": json.dumps([{"a": ANNA.email.replace("@", "\u0040")}]).encode(),
    }


def test_no_original_of_a_rejected_file_is_kept_after_an_erasure(merchant: Merchant) -> None:
    files = rejected_files()
    for name, content in files.items():
        merchant.write(name, content)
    merchant.ingest()
    assert files.keys() <= merchant.originals().keys()
    assert erase(merchant.settings, "c1", "customer_id").originals.dropped == len(files)
    assert files.keys().isdisjoint(merchant.originals())


def test_no_original_of_a_file_that_is_rejected_after_an_erasure_is_kept(merchant: Merchant) -> None:
    erase(merchant.settings, "c1", "customer_id")
    files = rejected_files()
    for name, content in files.items():
        merchant.write(name, content)
    merchant.write("feeds/customers-6.csv", f"customer_id,updated_at\nc9,{AT}\n")
    merchant.ingest()
    assert "feeds/customers-6.csv" in merchant.originals()
    assert files.keys().isdisjoint(merchant.originals())


def test_a_sender_cannot_borrow_a_token_that_was_not_erased(merchant: Merchant) -> None:
    ((token,),) = merchant.query("select email_token from raw.customers where customer_id = 'c2'")
    header = "customer_id,updated_at,email\n"
    merchant.write("feeds/customers-5.csv", f"{header}c9,{AT},token:{token}\n")
    merchant.ingest()
    ((borrowed,),) = merchant.query("select email_token from raw.customers where customer_id = 'c9'")
    assert borrowed != token
    with open_vault(merchant.settings) as vault:
        assert vault.reveal([borrowed]) == {borrowed: f"token:{token}"}


def test_what_a_repair_put_in_is_erased_too(merchant: Merchant) -> None:
    header = "order_id,placed_at,updated_at,currency,email\n"
    merchant.write("feeds/orders-6.csv", f"{header}o1,{AT},{AT},EURO,{ANNA.email}\n")
    merchant.ingest()
    with open_vault(merchant.settings) as vault:
        (token,) = vault.tokenise(pl.DataFrame({"email": ["repaired@example.com"]}), {"email": "email"}).row(0)
        vault.flush()
    with contextlib.closing(open_raw(merchant.settings)) as raw:
        raw.execute(
            "create table if not exists raw.repairs (quarantine_id varchar, fields varchar, fields_before varchar)"
        )
        raw.execute(
            "insert into raw.repairs by name select quarantine_id, $fields as fields from raw.quarantine "
            "where path like '%orders-6%'",
            {"fields": json.dumps({"email_token": token})},
        )
    erase(merchant.settings, "c1", "customer_id")
    assert "repaired@example.com" not in merchant.vault_values()


@pytest.mark.parametrize("fault", ["erased_values", "erased_originals"])
def test_an_erasure_that_was_killed_is_finished_by_the_next(merchant: Merchant, fault: str) -> None:
    sources = str(merchant.settings.sources)
    arguments = ("erase", "c1", "--yes", "--sources", sources)
    kill(*arguments, home=merchant.settings.home, fault=fault)
    erase(merchant.settings, "c1", "customer_id")
    for value in (ANNA.email, ANNA.phone, ANNA.street):
        assert holding(merchant, value) == []
    assert merchant.query("select count(*) from raw.erasures") == [(1,)]


def _times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_vault_still_knows_its_keys_and_its_layout_after_an_erasure(merchant: Merchant) -> None:
    erase(merchant.settings, "c1", "customer_id")
    with open_vault(merchant.settings) as vault:
        assert vault.connection.execute("select count(*) from keyed").fetchall() == [(1,)]
        assert vault.connection.execute("select max(version) from meta.layouts").fetchall() == [(2,)]
