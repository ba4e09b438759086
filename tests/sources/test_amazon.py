"""Tests of Amazon's tables: orders, lines, products and counts have Amazon's amounts to the last digit."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from orderhouse.files.source_files import FileRejected, SourceFile, local_file
from orderhouse.receive import receive
from orderhouse.settings import load_settings
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.storage.warehouse import open_raw

from tests.integration.running import PROJECT, data_folder
from tests.sources.format_reading import file_of, payloads, read, screened, source_of

NAME = "amazon_tables"

ORDER = {
    "amazon_order_id": "A1",
    "purchase_date": "2026-03-01 10:00:00",
    "last_update_date": "2026-03-02 10:00:00",
    "order_status": "Shipped",
    "fulfillment_channel": "AFN",
    "marketplace_id": "ATVPDKIKX0DER",
    "sales_channel": "Amazon.com",
    "order_type": "StandardOrder",
    "order_total_currency_code": "USD",
    "order_total_amount": "68.41",
    "is_business_order": "FALSE",
    "is_replacement_order": "FALSE",
    "replaced_order_id": "A0",
    "payment_method": "Other",
    "buyer_info_buyer_email": "x1@marketplace.amazon.com",
    "shipping_address_name": "A PERSON",
    "shipping_address_address_line_1": "1 Main St",
    "shipping_address_city": "Springfield",
    "shipping_address_country_code": "US",
}
ITEM = {
    "order_item_id": "I1",
    "amazon_order_id": "A1",
    "asin": "B01",
    "seller_sku": "TEA",
    "title": "Tea",
    "quantity_ordered": "3",
    "quantity_shipped": "3",
    "item_price_amount": "57.61",
    "item_price_currency_code": "USD",
    "item_tax_amount": "4.61",
    "promotion_discount_amount": "5.00",
    "promotion_discount_tax_amount": "0.40",
    "shipping_price_amount": "4.99",
    "shipping_tax_amount": "0.40",
    "shipping_discount_amount": "4.99",
    "shipping_discount_tax_amount": "0.40",
}
OTHER_ITEM = {
    **ITEM,
    "order_item_id": "I2",
    "seller_sku": "CUP",
    "quantity_ordered": "1",
    "item_price_amount": "10.00",
    "item_tax_amount": "0.80",
    "promotion_discount_amount": "",
    "promotion_discount_tax_amount": "",
    "shipping_price_amount": "0.79",
    "shipping_tax_amount": "",
    "shipping_discount_amount": "",
    "shipping_discount_tax_amount": "",
}
STOCK = {
    "_fivetran_id": "f1",
    "asin": "B01",
    "granularity_id": "ATVPDKIKX0DER",
    "fn_sku": "X001",
    "fulfillable_quantity": "211",
    "total_quantity": "321",
    "last_updated_time": "2026-03-02 09:00:00",
    "product_name": "Tea, 3 packs",
    "seller_sku": "TEA",
}


def table(name: str, *rows: dict[str, Any]) -> SourceFile:
    """Return rows as a table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)))
    writer.writeheader()
    writer.writerows(rows)
    return file_of(text.getvalue(), f"{name}.csv")


def accepted(found: list[FeedRows], feed: str, **declared: Any) -> list[dict[str, Any]]:
    """Return the accepted rows of a feed; fail if there are others."""
    sorted_out = screened(found, feed, NAME, **declared)
    assert sorted_out.quarantined["reasons"].to_list() == []
    return sorted_out.accepted.to_dicts()


def test_line_tax_and_shipping_amounts_add_up_to_what_amazon_charged() -> None:
    found = read(NAME, table("orders", ORDER), table("order_item", ITEM, OTHER_ITEM))
    (order,) = accepted(found, "orders")
    lines = accepted(found, "order_lines")
    nets = [line["quantity"] * line["unit_price"] - line["discount_amount"] for line in lines]
    # 57.61 - 5.00 and 10.00 - nothing, though 57.61 is no whole number of cents for each of three
    assert nets == [Decimal("52.61"), Decimal("10.00")]
    assert [line["unit_price"] for line in lines] == [Decimal("19.2034"), Decimal("10.0000")]
    assert [line["tax_amount"] for line in lines] == [Decimal("4.21"), Decimal("0.80")]
    assert (order["shipping_amount"], order["shipping_tax_amount"]) == (Decimal("0.79"), Decimal("0"))
    # 52.61 + 10.00 + 4.21 + 0.80 + 0.79
    total = sum(nets) + sum(line["tax_amount"] for line in lines) + order["shipping_amount"]
    assert total == Decimal(ORDER["order_total_amount"])


def test_a_shipping_discount_above_the_shipping_goes_on_with_the_line() -> None:
    dear = {**ITEM, "shipping_discount_amount": "6.00", "shipping_discount_tax_amount": "0.50"}
    found = read(NAME, table("orders", ORDER), table("order_item", dear))
    (order,), (line,) = accepted(found, "orders"), accepted(found, "order_lines")
    assert (order["shipping_amount"], order["shipping_tax_amount"]) == (0, 0)
    assert line["quantity"] * line["unit_price"] - line["discount_amount"] == Decimal("52.61") - Decimal("1.01")
    assert line["tax_amount"] == Decimal("4.21") - Decimal("0.10")


def test_thousands_grouped_by_commas_are_amounts_and_odd_digits_are_not() -> None:
    grouped = {**ITEM, "item_price_amount": "8,099.25", "shipping_price_amount": "1,004.99"}
    odd = [
        {**ITEM, "order_item_id": text, "item_price_amount": text} for text in ("39.01a", "1,2.00", "-32.52", "1.2.3")
    ]
    unshipped = {**ITEM, "amazon_order_id": "A2", "shipping_tax_amount": "O.40"}
    found = read(
        NAME, table("orders", ORDER, {**ORDER, "amazon_order_id": "A2"}), table("order_item", grouped, *odd, unshipped)
    )
    lines = screened(found, "order_lines", NAME)
    assert lines.accepted["unit_price"].to_list()[0] == Decimal("2699.75")
    assert sorted(lines.quarantined["record"].to_list()) == [3, 4, 5, 6]
    assert "unit_price -32.52 is negative" in lines.quarantined["reasons"].to_list()
    orders = screened(found, "orders", NAME)
    assert orders.accepted["shipping_amount"].to_list()[0] == Decimal("1000.00")
    assert orders.quarantined.select("record", "reasons").rows() == [
        (3, "shipping_tax_amount (kept in the vault) is not a number")
    ]


def test_cancelled_and_unfulfillable_orders_carry_their_status_and_an_unknown_one_is_stopped() -> None:
    states = ["Canceled", "Unfulfillable", "Pending", "Teleported"]
    orders = [{**ORDER, "amazon_order_id": state, "order_status": state} for state in states]
    sorted_out = screened(read(NAME, table("orders", *orders)), "orders", NAME)
    assert sorted_out.accepted.select("order_id", "is_cancelled", "cancelled_at", "cancel_reason").rows() == [
        ("Canceled", True, None, "Canceled"),
        ("Unfulfillable", True, None, "Unfulfillable"),
        ("Pending", False, None, None),
    ]
    assert sorted_out.quarantined["reasons"].to_list() == ["is_cancelled (kept in the vault) is neither true nor false"]


def test_an_order_without_a_total_takes_its_items_currency_else_what_the_source_declares() -> None:
    pending = {**ORDER, "order_total_currency_code": ""}
    alone = {**pending, "amazon_order_id": "A2"}
    tables = [table("orders", pending, alone), table("order_item", {**ITEM, "item_price_currency_code": "CAD"})]
    declared = {"constants": {"currency": "EUR"}}
    rows = accepted(read(NAME, *tables, **declared), "orders", **declared)
    assert [row["currency"] for row in rows] == ["CAD", "EUR"]
    undeclared = screened(read(NAME, *tables), "orders", NAME)
    assert undeclared.quarantined["reasons"].to_list() == ["currency is missing"]


def test_a_price_not_known_yet_is_no_price_of_zero_but_nothing_ordered_costs_nothing() -> None:
    pending = {**ITEM, "item_price_amount": ""}
    nothing = {**pending, "order_item_id": "I2", "quantity_ordered": "0", "promotion_discount_amount": ""}
    lines = screened(read(NAME, table("orders", ORDER), table("order_item", pending, nothing)), "order_lines", NAME)
    assert lines.quarantined.select("record", "reasons").rows() == [(2, "unit_price is missing")]
    assert lines.accepted.select("line_id", "quantity", "unit_price").rows() == [("I2", 0, Decimal("0"))]


def test_marketplace_business_and_replacement_are_kept() -> None:
    german = {**ORDER, "sales_channel": "Amazon.de", "is_business_order": "TRUE", "fulfillment_channel": "MFN"}
    replacement = {**ORDER, "amazon_order_id": "A2", "is_replacement_order": "true"}
    found = read(
        NAME, table("orders", german, replacement), table("order_item", ITEM, {**ITEM, "amazon_order_id": "A2"})
    )
    first, second = accepted(found, "orders")
    assert (first["channel"], first["prices_include_tax"], first["original_order_id"]) == ("b2b", True, None)
    assert (second["channel"], second["prices_include_tax"]) == ("marketplace", False)
    assert (second["order_type"], second["original_order_id"]) == ("StandardOrder/replacement", "A0")
    assert [line["warehouse_id"] for line in accepted(found, "order_lines")] == [None, "FBA-ATVPDKIKX0DER"]
    assert "PERSON" not in str([first, second])


def test_promotions_and_a_single_payment_method_reach_the_order() -> None:
    codes = [{"promotion_id": code, "amazon_order_id": "A1", "order_item_id": "I1"} for code in ("b", "a", "b")]
    method = {"amazon_order_id": "A1", "method": "Invoice"}
    found = read(
        NAME,
        table("orders", {**ORDER, "payment_method": ""}),
        table("order_item", ITEM),
        table("order_item_promotion_id", *codes),
        table("payment_method_detail_item", method),
    )
    (order,) = accepted(found, "orders")
    assert (order["discount_code"], order["payment_terms"]) == ("a b", "Invoice")


def test_stock_is_counted_per_sku_and_marketplace_and_summed_over_amazons_own_numbers() -> None:
    other_number = {**STOCK, "fn_sku": "X002", "fulfillable_quantity": "9", "last_updated_time": "2026-03-02 11:00:00"}
    elsewhere = {**STOCK, "granularity_id": "A2EUQ1WTGCTBG2", "fulfillable_quantity": "1"}
    found = read(NAME, table("fba_inventory_summary", STOCK, other_number, elsewhere))
    counts = accepted(found, "stock")
    assert [(row["sku"], row["warehouse_id"], row["kind"], row["quantity"]) for row in counts] == [
        ("TEA", "FBA-ATVPDKIKX0DER", "count", 220),
        ("TEA", "FBA-A2EUQ1WTGCTBG2", "count", 1),
    ]
    assert str(counts[0]["occurred_at"]) == "2026-03-02 11:00:00"
    taken = {record for rows in found if rows.feed != "products" for record in rows.frame["_record"]}
    assert taken == {2, 3, 4}
    odd = screened(read(NAME, table("fba_inventory_summary", {**STOCK, "fulfillable_quantity": "x"})), "stock", NAME)
    assert odd.quarantined["reasons"].to_list() == ["quantity (kept in the vault) is not a whole number"]


def test_products_are_named_by_the_catalogue_else_by_stock_or_title() -> None:
    entry = {"asin": "B01", "brand": "Leaf", "item_name": "Fine tea", "_fivetran_synced": "2026-03-05 00:00:00"}
    found = read(
        NAME,
        table("orders", ORDER),
        table("order_item", ITEM, {**OTHER_ITEM, "asin": "B02", "title": "Cup"}),
        table("fba_inventory_summary", STOCK),
        table("item_summary", entry),
        table("item_product_type", {"asin": "B01", "product_type": "TEA"}),
    )
    rows = {row["sku"]: row for row in accepted(found, "products")}
    assert (rows["TEA"]["name"], rows["TEA"]["brand"], rows["TEA"]["category"]) == ("Fine tea", "Leaf", "TEA")
    assert str(rows["TEA"]["updated_at"]) == "2026-03-05 00:00:00"
    assert (rows["CUP"]["name"], str(rows["CUP"]["updated_at"])) == ("Cup", "2026-03-02 10:00:00")


def test_tables_are_found_by_name_and_bundled_by_folder() -> None:
    paths = ["a/amazon_selling_partner_orders_data.csv", "a/order_item.csv.gz", "b/orders.csv", "b/notes.csv"]
    assert FORMATS[NAME].bundles(source_of(NAME), paths) == [paths[:2], paths[2:3]]
    packed = table("orders", ORDER)
    zipped = file_of(gzip.compress(packed.open().read()), "orders_data.csv.gz")
    assert len(accepted(read(NAME, zipped), "orders")) == 1


def test_a_bundle_that_says_nothing_or_the_same_twice_is_refused() -> None:
    with pytest.raises(FileRejected, match="no orders table"):
        read(NAME, table("order_item", ITEM))
    with pytest.raises(FileRejected, match="no orders table"):
        read(NAME, table("item_image", {"asin": "B01"}))
    with pytest.raises(FileRejected, match=r"amazon_orders\.csv and orders\.csv are both the table orders"):
        read(NAME, table("orders", ORDER), table("amazon_orders", ORDER))


def test_an_item_of_an_unknown_order_is_quarantined() -> None:
    stray = {**ITEM, "amazon_order_id": "A9"}
    lines = screened(read(NAME, table("orders", ORDER), table("order_item", stray)), "order_lines", NAME)
    assert lines.quarantined["reasons"].to_list() == ["updated_at is missing"]


def test_a_broken_line_of_a_table_only_looked_up_is_quarantined_and_counted(tmp_path: Path) -> None:
    folder = tmp_path / "amazon"
    folder.mkdir()
    (folder / "orders.csv").write_bytes(table("orders", ORDER).open().read())
    (folder / "item_image.csv").write_text("asin,link\nB01,a\nB02\n")
    (tmp_path / "sources.yaml").write_text(f"sources:\n  amazon:\n    format: {NAME}\n    path: amazon/*\n")
    chosen = load_settings(home=tmp_path / "home", sources=tmp_path / "sources.yaml")
    receive(chosen)
    connection = open_raw(chosen, read_only=True)
    bad = connection.execute("select path, record from raw.quarantine").fetchall()
    lines = connection.execute(
        "select rows_in, accepted, duplicate, quarantined from raw.files where path like '%image%'"
    ).fetchall()
    connection.close()
    assert bad == [("amazon/item_image.csv", 3)]
    assert lines == [(1, 0, 0, 1)]


def test_every_word_of_amazon_in_the_seed_is_one_of_ours() -> None:
    seeds = PROJECT / "dbt_project" / "seeds"
    ours = {
        tuple(row.values()) for row in csv.DictReader((seeds / "canonical_vocabulary.csv").read_text().splitlines())
    }
    mapped = [
        row
        for row in csv.DictReader((seeds / "format_vocabulary.csv").read_text().splitlines())
        if row["format"] == NAME
    ]
    assert {(row["feed"], row["column_name"], row["meaning"]) for row in mapped} <= ours
    assert len(mapped) > 10


@pytest.fixture(scope="module")
def real() -> list[FeedRows]:
    """Return the bundle of real tables."""
    folder = payloads(data_folder(), "amazon_selling_partner_tables")
    return read(NAME, *(local_file(path) for path in sorted(folder.iterdir())))


def test_the_real_tables_tie_out_line_by_line(real: list[FeedRows]) -> None:
    lines = screened(real, "order_lines", NAME)
    assert (lines.accepted.height, lines.quarantined.height) == (86, 14)
    first = {row["line_id"]: row for row in lines.accepted.to_dicts()}["ITEM00004"]
    # 57.61 for three, less 16.67; shipping 16.48 less 9.74, its tax 4.87 less the part that Amazon waived
    assert first["quantity"] * first["unit_price"] - first["discount_amount"] == Decimal("40.94")
    order = {row["order_id"]: row for row in screened(real, "orders", NAME).accepted.to_dicts()}["ORDER00004"]
    assert order["shipping_amount"] == Decimal("6.74")
    net = sum(
        (row["quantity"] * row["unit_price"] - row["discount_amount"] for row in lines.accepted.to_dicts()), Decimal()
    )
    assert net == _net_by_other_means({row["line_id"] for row in lines.accepted.to_dicts()})


def _net_by_other_means(line_ids: set[str]) -> Decimal:
    """Sum price less discount, and shipping less its discount, over the lines, straight from the file."""
    path = payloads(data_folder(), "amazon_selling_partner_tables") / "order_item.csv"
    total = Decimal()
    for row in csv.DictReader(io.StringIO(path.read_text())):
        if row["order_item_id"] in line_ids:
            figures = {
                name: Decimal(row[name].replace(",", "")) for name in row if name.endswith("_amount") and row[name]
            }
            over = figures["shipping_discount_amount"] - figures["shipping_price_amount"]
            total += figures["item_price_amount"] - figures["promotion_discount_amount"] - max(over, Decimal())
    return total


def test_the_real_stock_is_what_can_be_sold(real: list[FeedRows]) -> None:
    path = payloads(data_folder(), "amazon_selling_partner_tables") / "fba_inventory_summary.csv"
    (expected,) = duckdb.sql(f"select sum(fulfillable_quantity), count(distinct seller_sku) from '{path}'").fetchall()
    counts = screened(real, "stock", NAME).accepted
    assert (counts["quantity"].sum(), counts.height) == expected == (expected[0], 99)


def test_a_delivery_window_that_ends_at_midnight_ends_with_that_day() -> None:
    ends = {"A1": "2026-03-09 00:00:00", "A2": "2026-03-09 23:59:59"}
    orders = [{**ORDER, "amazon_order_id": each, "latest_delivery_date": end} for each, end in ends.items()]
    found = accepted(read(NAME, table("orders", *orders), table("order_item", ITEM)), "orders")
    assert [(each["promised_at"], each["promise_is_date_only"]) for each in found] == [
        (datetime(2026, 3, 9), True),
        (datetime(2026, 3, 9, 23, 59, 59), None),
    ]
