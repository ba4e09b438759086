"""Tests of what a dry run says about a mapping: keys, sums, columns that no file has, and files that nobody takes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.trial import SourceTrial, check_sources
from orderhouse.ingest.trial_keys import Keys
from orderhouse.sources.config.sources_file import load_sources

from tests.ingest.landing import LINES_HEADER, PAYMENTS_HEADER, Landing, line
from tests.integration.running import run_orderhouse
from tests.sources.format_reading import file_of, read, screened

COLLIDING = """
merchant: {business_time_zone: UTC, reporting_currency: USD}
sources:
  pay:
    format: canonical
    feed: payments
    path: pay/*.csv
    time_zone: UTC
    columns: {customer: payment_id, order: order_id, date: occurred_at, value: amount}
    constants: {kind: captured, currency: USD}
"""
COLLIDING_ROWS = (
    "customer,order,date,value\n"
    "70,B1,2026-03-02 10:00:00,20.00\n"
    "70,B2,2026-03-03 10:00:00,30.00\n"
    "70,B3,2026-03-04 10:00:00,50.00\n"
    "80,B4,2026-03-04 10:00:00,10.00\n"
    "80,B4,2026-03-04 10:00:00,10.00\n"
)


def test_a_key_with_several_contents_is_named_with_the_money_that_would_not_all_count(landing: Landing) -> None:
    landing.declare(COLLIDING)
    landing.write("pay/a.csv", COLLIDING_ROWS)
    landing.write("pay/b.csv", "customer,order,date,value\n80,B4,2026-03-04 10:00:00,10.00\n")
    keys = _trial(landing).feeds["payments"].keys
    assert (keys.keys, keys.duplicates, keys.conflicts, keys.conflicting) == (2, 2, 1, 3)
    assert keys.places == ("pay/a.csv:2", "pay/a.csv:3", "pay/a.csv:4")
    assert keys.sums == {("amount", "USD"): Decimal("110.00")}
    assert keys.at_stake == {("amount", "USD"): Decimal("100.00")}
    said = _check(landing)
    assert "1 key with 3 different contents (pay/a.csv:2, pay/a.csv:3, pay/a.csv:4): one content per key" in said
    assert "of amount 100.00 USD" in said
    assert "Make ids of more columns with `ids`" in said


def test_versions_of_a_line_are_no_conflict_and_the_latest_is_summed() -> None:
    rows = (
        LINES_HEADER + line(1, unit_price="10.00") + line(1, unit_price="12.50").replace("02T03:04:05", "03T03:04:05")
    )
    accepted = screened(read("canonical", file_of(rows), feed="order_lines"), "order_lines", "canonical").accepted
    keys = Keys("order_lines")
    keys.add("a.csv", accepted)
    found = keys.findings()
    assert (found.keys, found.conflicts, found.sums) == (1, 0, {("quantity × unit_price", ""): Decimal("12.50")})


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.just(1), st.sampled_from([5, 1999]), st.sampled_from(["EUR", "USD", "EURO"])),
        min_size=6,
        max_size=12,
    ),
    st.integers(0, 12),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_and_duplicates_of_a_check_are_those_of_the_run_afterwards(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, int, int, str]], cut: int
) -> None:
    landing = Landing(tmp_path_factory.mktemp("sums"))
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n")
    rows = [
        f"p{n},o{order},captured,{Decimal(cents) / 100},{of},2026-01-02T03:04:05Z\n" for n, order, cents, of in events
    ]
    landing.write("feeds/payments_1.csv", PAYMENTS_HEADER + "".join(rows[:cut]))
    landing.write("feeds/payments_2.csv", PAYMENTS_HEADER + "".join(rows[cut:]) + "p0,o0,captured,1,EUR,2026-01-02\n")
    trial = _trial(landing).feeds["payments"]
    landing.ingest()
    stored = landing.query(
        "select currency, sum(amount) from raw.payments where not _is_duplicate group by all having sum(amount) > 0"
    )
    assert {currency: total for (_, currency), total in trial.keys.sums.items()} == dict(stored)
    counts = landing.query("select sum(duplicate)::int, sum(quarantined)::int from raw.files where status = 'loaded'")
    assert counts == [(trial.keys.duplicates, trial.quarantined.total())]


MISSPELT = """
sources:
  lines:
    format: canonical
    feed: order_lines
    path: lines/*.csv
    time_zone: UTC
    columns: {Row: line_id, Order: order_id, Ordre: order_id, Date: updated_at, Sku: sku, Qty: quantity,
      Price: unit_price, Disc0unt: discount_amount}
    constants: {quantity: "1"}
"""
MISSPELT_ROWS = (
    "Row,Order,Date,Sku,Qty,Price,Discount\n"
    "1,B1,2026-03-02 10:00:00,CUP,1,20.00,5.00\n"
    "1,B2,2026-03-02 11:00:00,CUP,1,20.00,5.00\n"
)


def test_a_column_that_no_file_has_is_named_by_the_check_and_by_the_run(landing: Landing) -> None:
    landing.declare(MISSPELT)
    landing.write("lines/a.csv", MISSPELT_ROWS)
    absent = "Source lines: its mapping names the column Disc0unt, which no file has. Did you mean Discount?"
    clash = "Source lines: `constants` gives quantity, and the files have the column Qty for it. The column counts. "
    assert _trial(landing).notes == [absent, clash + "Remove one of the two."]
    assert landing.ingest().notes[-2:] == [absent, clash + "Remove one of the two."]


def test_a_column_that_one_file_of_several_has_is_not_named(landing: Landing) -> None:
    landing.declare(MISSPELT.replace('    constants: {quantity: "1"}\n', ""))
    landing.write("lines/a.csv", MISSPELT_ROWS)
    landing.write("lines/b.csv", MISSPELT_ROWS.replace("Discount", "Disc0unt").replace("B", "C"))
    assert _trial(landing).notes == []


HEADERS = {
    "olist_order_reviews_dataset": "review_id,order_id,review_score,review_comment_title,review_comment_message,"
    "review_creation_date,review_answer_timestamp",
    "olist_order_items_dataset": "order_id,order_item_id,product_id,seller_id,price,freight_value",
    "olist_sellers_dataset": "seller_id",
    "olist_products_dataset": "product_id,product_category_name",
    "olist_order_payments_dataset": "order_id,payment_sequential,payment_type,payment_value",
    "olistcustomerdataset": "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state",
}


def test_each_file_of_a_bundle_s_folder_is_accounted_for(landing: Landing) -> None:
    landing.declare("sources:\n  olist:\n    format: olist\n    path: feeds/*.csv\n")
    for name, header in HEADERS.items():
        landing.write(f"feeds/{name}.csv", header + "\n")
    unknown = (
        "feeds/olistcustomerdataset.csv was refused: It has not one of the seven names of the bundle, and nothing is "
        "taken from it. Did you mean olist_customers_dataset.csv?"
    )
    (missing,) = [note for note in _trial(landing).notes if "not complete" in note]
    assert missing.endswith("olist_orders_dataset.csv, olist_customers_dataset.csv are missing.")
    notes = landing.ingest().notes
    assert unknown in notes
    assert len([note for note in notes if "not complete" in note]) == 1
    assert landing.query("select count(distinct path) from raw.files") == [(6,)]


def test_values_are_shown_to_who_has_the_file_unless_they_are_to_be_passed_on(landing: Landing) -> None:
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + "p1,o1,captured,See invoice,EUR,2026-01-02T03:04:05Z\n")
    assert "amount 'See invoice' is not a number" in _check(landing)
    hidden = _check(landing, "--hide-values")
    assert "amount (kept in the vault) is not a number" in hidden
    assert "See invoice" not in hidden


def test_one_reason_for_many_files_is_one_note(landing: Landing) -> None:
    for number in range(5):
        landing.write(f"feeds/tracking_{number}.csv", f"shipment_id\ns{number}\n")
    (note,) = _trial(landing).notes
    assert note.startswith("feeds/tracking_0.csv, feeds/tracking_1.csv, feeds/tracking_2.csv and 2 more would not")


def test_currencies_without_rates_and_a_merchant_that_is_missing_are_named(landing: Landing) -> None:
    rows = "p1,o1,captured,5,EUR,2026-01-02T03:04:05Z\np2,o1,captured,5,CHF,2026-01-02T03:04:05Z\n"
    landing.write("feeds/payments.csv", PAYMENTS_HEADER + rows)
    said = " ".join(_check(landing).split())
    assert "`merchant: {business_time_zone: Europe/Berlin, reporting_currency: CHF}`" in said
    assert "Amounts are in CHF, EUR, and no source gives fx_rates" in said


def test_a_hash_sign_in_a_name_is_answered_with_quotes(landing: Landing) -> None:
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: a\n    columns: {Order #: order_id}\n")
    with pytest.raises(
        OrderhouseError, match="a # after a space begins a comment, so quote a name or text that has one"
    ):
        load_sources(landing.sources_file)


def _trial(landing: Landing) -> SourceTrial:
    (trial,) = check_sources(landing.settings)
    return trial


def _check(landing: Landing, *arguments: str) -> str:
    given = ("sources", "check", "--no-rows", *arguments, "--sources", str(landing.sources_file))
    return run_orderhouse(*given, home=landing.folder / "home")
