"""Tests of customers whose id is an e-mail address or a telephone number: rows hold a token, which can be erased."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.erasure import By, erase
from orderhouse.ingest.personal_ids import FEEDS
from orderhouse.ingest.screening import PART, screen
from orderhouse.sources.config.declaration import Source
from orderhouse.sources.readers.records import RECORD
from orderhouse.vault.vault import in_memory_vault, open_vault

from tests.contracts.test_every_feed import good_row
from tests.erasure.merchant import AT, Merchant
from tests.ingest.landing import report
from tests.integration.running import run_orderhouse, run_steps

ADDRESS = "anna.quittenbaum@example.com"
PHONE = "+49 171 5550199"
ORDERS = "order_id,placed_at,updated_at,currency,customer_id\n"
CUSTOMERS = "customer_id,updated_at,email,name,city\n"


@pytest.fixture
def shop(tmp_path: Path) -> Merchant:
    """Return a merchant whose customers' ids are addresses, in all feeds that name a customer."""
    place = Merchant(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    place.write(
        "feeds/customers.csv", f"{CUSTOMERS}{ADDRESS},{AT},{ADDRESS},Anna Q,Ulm\nb@example.com,{AT},,Berta H,Ulm\n"
    )
    place.write("feeds/orders.csv", f"{ORDERS}o1,{AT},{AT},EUR,{ADDRESS.upper()}\no2,{AT},{AT},EUR,b@example.com\n")
    place.write("feeds/order_lines.csv", f"order_id,line_id,updated_at,sku,quantity,unit_price\no1,1,{AT},s1,1,10\n")
    place.write("feeds/feedback.csv", f"feedback_id,occurred_at,customer_id,score\nf1,{AT},{ADDRESS},9\n")
    place.write("feeds/carts.csv", f"cart_id,occurred_at,status,sku,customer_id\nk1,{AT},created,s1,{ADDRESS}\n")
    place.write(
        "feeds/price_lists.csv",
        f"price_list_id,sku,currency,valid_from,updated_at,unit_price,customer_id\np1,s1,EUR,2026-01-01,{AT},9,{ADDRESS}\n",
    )
    place.write(
        "feeds/returns.csv",
        f"return_id,order_id,line_id,status,occurred_at,quantity,customer_id\nr1,o1,1,requested,{AT},1,{ADDRESS}\n",
    )
    return place


def files_with(place: Merchant, value: str) -> list[str]:
    """Return the files of the home outside the vault that contain a value in any case, and such retained originals."""
    needle = value.lower().encode()
    home = place.settings.home
    outside = [path for path in home.rglob("*") if path.is_file() and not path.is_relative_to(home / "vault")]
    return [str(path.relative_to(home)) for path in outside if needle in path.read_bytes().lower()]


def test_no_byte_of_an_id_that_is_an_address_is_left_in_a_published_and_exported_home(shop: Merchant) -> None:
    home = shop.settings.home
    run_steps(home, shop.sources_file)
    run_orderhouse("export", "marts.fct_orders", "marts.dim_customers", home=home)
    assert files_with(shop, ADDRESS) == []
    query = (
        "select orders.order_id, customers.city from marts.fct_orders as orders "
        "inner join marts.dim_customers as customers using (customer_id) order by 1"
    )
    before = run_orderhouse("sql", query, "--format", "json", home=home)
    assert [row["city"] for row in json.loads(before)] == ["Ulm", "Ulm"]
    assert any(ADDRESS in value.lower() for value in shop.vault_values())
    said = run_orderhouse("erase", ADDRESS, "--yes", "--sources", str(shop.sources_file), home=home)
    assert "1 order" in said
    shop.write("feeds/customers-2.csv", f"{CUSTOMERS}{ADDRESS},2026-02-02T00:00:00Z,,Anna N,Bonn\n")
    run_steps(home, shop.sources_file)
    assert files_with(shop, ADDRESS) == []
    assert ADDRESS.encode() not in (home / "vault" / "vault.duckdb").read_bytes().lower()
    assert [path for path, content in shop.originals().items() if ADDRESS.encode() in content.lower()] == []
    after = json.loads(run_orderhouse("sql", query, "--format", "json", home=home))
    assert [row["city"] for row in after] == ["Bonn", "Ulm"], "the id that comes again is that of the same customer"


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("prefix", ["", "eu-"])
def test_every_feed_with_a_customer_holds_the_token_of_the_address(feed: str, prefix: str) -> None:
    source = Source(name="shop", format="canonical", path=["x"], id_prefix=prefix)
    fields = {**good_row(feed), "customer_id": ADDRESS}
    frame = pl.DataFrame({name: [value] for name, value in fields.items()} | {RECORD: [1], PART: [0]})
    with in_memory_vault() as vault:
        screened = screen(feed, frame, source, vault)
        token = vault.tokens_of("email", pl.DataFrame({"value": [ADDRESS]}))["token"].item()
    assert screened.tokenised_ids == 1
    assert screened.accepted["customer_id"].to_list() == [prefix + token]
    assert ADDRESS not in screened.accepted.write_json()


def test_feeds_with_a_customer_are_all_known() -> None:
    assert set(FEEDS) == {feed for feed, contract in CONTRACTS.items() if "customer_id" in contract.fields()}
    assert len(FEEDS) >= 5


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        (PHONE, "customer_id"),
        (f"eu-{PHONE}", "customer_id"),
    ],
)
def test_id_that_is_a_telephone_number_is_erased_with_and_without_its_prefix(
    tmp_path: Path, asked: str, by: By
) -> None:
    place = Merchant(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    id_prefix: eu-\n")
    place.write(
        "feeds/orders.csv", f"{ORDERS}o1,{AT},{AT},EUR,{PHONE}\no2,{AT},{AT},EURO,{PHONE}\no3,{AT},{AT},EUR,17\n"
    )
    place.ingest()
    rows = place.query("select order_id, customer_id from raw.orders order by 1")
    done = erase(place.settings, asked, by)
    assert (done.person.orders, done.values, done.originals.redacted, done.originals.dropped) == (1, 1, 1, 0)
    assert PHONE not in place.vault_values()
    assert not any(PHONE.encode() in content for content in place.originals().values())
    assert erase(place.settings, asked, by).values == 0
    place.declare(place.sources_file.read_text() + "    columns: {town: city}\n")
    (tmp_path / "feeds" / "orders.csv").unlink()
    result = place.ingest()
    assert report(result, "orders.csv").status == "loaded", "it is reread from its original"
    again = "select distinct order_id, customer_id from raw.orders order by 1"
    assert place.query(again) == rows


def test_repair_and_replay_give_the_token(tmp_path: Path) -> None:
    place = Merchant(tmp_path)
    place.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    id_prefix: eu-\n")
    place.write(
        "feeds/orders.csv", f"{ORDERS}o1,{AT},{AT},EUR,{ADDRESS}\no2,{AT},{AT},EURO,{ADDRESS}\no3,{AT},{AT},EURO,\n"
    )
    place.ingest()
    ids = dict(place.query("select record, quarantine_id from raw.quarantine"))
    home = place.settings.home
    repair = ("quarantine", "repair", "--why", "test")
    run_orderhouse(*repair, ids[3], "--set", "currency=EUR", home=home)
    run_orderhouse(*repair, ids[4], "--set", "currency=EUR", "--set", f"customer_id={ADDRESS}", home=home)
    place.ingest()
    found = place.query("select order_id, customer_id from raw.orders order by 1")
    assert [order for order, _ in found] == ["eu-o1", "eu-o2", "eu-o3"]
    assert len({customer for _, customer in found}) == 1
    assert files_with(place, ADDRESS) == []
    assert f"eu-{ADDRESS}" in run_orderhouse("quarantine", "show", ids[3], "--reveal", home=home)
    assert erase(place.settings, ADDRESS, "email").person.orders == 3
    assert not any(ADDRESS in value.lower() for value in place.vault_values())


@pytest.mark.parametrize(
    ("format_", "name", "content"),
    [
        (
            "online_retail",
            "sales.csv",
            "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
            f"536365,85123A,HOLDER,6,2010-12-01 08:26:00,2.55,{ADDRESS},United Kingdom\n",
        ),
        (
            "woocommerce_orders",
            "orders.json",
            json.dumps(
                [
                    {
                        "id": 727,
                        "status": "processing",
                        "currency": "EUR",
                        "date_created_gmt": "2026-01-02T03:04:05",
                        "date_modified_gmt": "2026-01-02T03:04:05",
                        "customer_id": ADDRESS,
                        "total": "10.00",
                        "line_items": [],
                    }
                ]
            ),
        ),
    ],
)
def test_ids_of_platforms_become_tokens_too(tmp_path: Path, format_: str, name: str, content: str) -> None:
    place = Merchant(tmp_path)
    place.declare(f"sources:\n  shop:\n    format: {format_}\n    path: feeds/*\n")
    place.write(f"feeds/{name}", content)
    place.ingest()
    assert place.query("select regexp_matches(customer_id, '^[0-9a-f]{32}$') from raw.orders") == [(True,)]
    assert files_with(place, ADDRESS) == []
    erase(place.settings, ADDRESS, "email")
    assert ADDRESS not in place.vault_values()
    assert not any(ADDRESS.encode() in each for each in place.originals().values())


def test_check_of_a_source_says_that_ids_become_tokens_and_how_to_keep_them(shop: Merchant) -> None:
    said = run_orderhouse("sources", "check", "--sources", str(shop.sources_file), home=shop.settings.home)
    assert said.count("is an e-mail address or a telephone number") == len(FEEDS)
    assert ADDRESS not in said
    shop.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    personal_values: allow\n")
    said = run_orderhouse("sources", "check", "--sources", str(shop.sources_file), home=shop.settings.home)
    assert "is an e-mail address" not in said
    shop.ingest()
    assert shop.query("select count(*) from raw.customers where customer_id = $id", id=ADDRESS) == [(1,)]


def test_forged_mark_in_an_id_gives_nobody_elses_token(shop: Merchant) -> None:
    shop.ingest()
    ((customer,),) = shop.query("select customer_id from raw.orders where order_id = 'o2'")
    shop.write("feeds/orders-2.csv", f"{ORDERS}o3,{AT},{AT},EUR,token:{customer}\n")
    shop.ingest()
    ((forged,),) = shop.query("select customer_id from raw.orders where order_id = 'o3'")
    assert forged not in (customer, f"token:{customer}")
    with open_vault(shop.settings) as vault:
        assert vault.reveal([forged]) == {forged: f"token:{customer}"}
