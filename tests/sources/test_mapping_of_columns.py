"""Tests of the mapping language: made ids, positions, line amounts, rounding, no values, and words for values."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from orderhouse.contracts.notation import Notation
from orderhouse.errors import OrderhouseError
from orderhouse.files.source_files import FileRejected
from orderhouse.ingest.screening import Screened
from orderhouse.sources.config.sources_file import load_sources
from orderhouse.sources.formats.discount_shares import with_discounts
from orderhouse.sources.formats.line_amounts import with_unit_prices

from tests.sources.format_reading import file_of, read, screened, source_of

BASKETS: dict[str, Any] = {
    "feed": "order_lines",
    "time_zone": "UTC",
    "dates": "%Y%m%d",
    "columns": {"order": "order_id", "sku": "sku", "date": "updated_at", "amount": "unit_price"},
    "constants": {"quantity": "1"},
    "ids": {"line_id": "_position"},
}
BASKET_ROWS = "order,date,sku,amount\n77,19970101,CD,29.33\n77,19970101,CD,29.33\n78,19970118,CD,29.73\n"


def test_equal_rows_of_an_order_are_two_lines_by_their_position() -> None:
    lines = _accepted(BASKET_ROWS, BASKETS)
    assert lines.select("order_id", "line_id").rows() == [("77", "1"), ("77", "2"), ("78", "1")]
    assert lines["unit_price"].sum() == Decimal("88.39")


def test_a_position_counts_on_from_block_to_block_and_starts_again_in_the_next_file() -> None:
    numbers = range(1, 200_001)
    rows = "order,date,sku,amount\n" + "".join(f"{n % 3},19970101,CD-{n:025},{n}.00\n" for n in numbers)
    found = read("canonical", file_of(rows, "a.csv"), **BASKETS)
    assert len(found) > 1
    places = pl.concat([each.frame for each in found]).select("order_id", pl.col("line_id").cast(pl.Int64))
    assert places.rows() == [(str(n % 3), (n - 1) // 3 + 1) for n in numbers]
    (again,) = read("canonical", file_of(BASKET_ROWS, "b.csv"), **BASKETS)
    assert again.frame["line_id"].to_list() == ["1", "2", "1"]


def test_an_order_sent_again_in_another_file_has_the_same_line_ids() -> None:
    alone = "order,date,sku,amount\n77,19970101,CD,29.33\n77,19970101,CD,29.33\n"
    before, after = _accepted(BASKET_ROWS, BASKETS), _accepted(alone, BASKETS)
    assert after["line_id"].to_list() == before.filter(pl.col("order_id") == "77")["line_id"].to_list()


PAYMENTS: dict[str, Any] = {
    "feed": "payments",
    "time_zone": "UTC",
    "columns": {"order": "order_id", "paid": "occurred_at", "value": "amount"},
    "constants": {"kind": "captured", "currency": "BRL"},
    "ids": {"payment_id": ["order", "seq"]},
    "id_prefix": "M-",
}


def test_an_id_of_several_columns_keeps_different_payments_apart() -> None:
    rows = "order,seq,paid,value\na:1,1,2026-01-02,5\na,1:1,2026-01-02,6\n b , 2,2026-01-02,7\nc,,2026-01-02,8\n"
    found = _screened(rows, PAYMENTS)
    assert found.accepted["payment_id"].to_list() == ["M-a%3A1:1", "M-a:1%3A1", "M-b:2"]
    assert found.quarantined["rules"].to_list() == ['["payment_id|required"]']


def test_a_position_within_a_named_column_makes_a_payment_id() -> None:
    rows = "order,seq,paid,value\nb,9,2026-01-02,7\na,9,2026-01-02,5\nb,9,2026-01-02,7\n"
    declared = PAYMENTS | {"ids": {"payment_id": ["order", "_position"]}, "id_prefix": ""}
    assert _accepted(rows, declared)["payment_id"].to_list() == ["b:1", "a:1", "b:2"]


def test_a_file_without_a_column_of_an_id_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(FileRejected, match="no column seq, of which `ids` makes payment_id. Did you mean sequ?"):
        read("canonical", file_of("order,sequ,paid,value\na,1,2026-01-02,5\n"), **PAYMENTS)


SALES: dict[str, Any] = {
    "feed": "order_lines",
    "time_zone": "UTC",
    "columns": {
        "order": "order_id",
        "line": "line_id",
        "date": "updated_at",
        "sku": "sku",
        "qty": "quantity",
        "sales": "line_amount",
        "discount": "discount_amount",
    },
    "decimals": "2",
}
SALES_ROWS = (
    "order,line,date,sku,qty,sales,discount\n"
    "8,1,2015-01-01 00:00:00,957,1,299.980011,60.0\n"
    "9,1,2015-01-01 00:21:00,1073,1,199.9900055,6.0\n"
    "9,2,2015-01-01 00:21:00,502,5,250.0,22.5\n"
    "9,3,2015-01-01 00:21:00,403,1,129.9900055,22.10000038\n"
)


def test_a_total_of_the_line_with_a_float_s_tail_becomes_a_unit_price() -> None:
    lines = _accepted(SALES_ROWS, SALES).filter(pl.col("order_id") == "9")
    assert lines["unit_price"].to_list() == [Decimal("199.99"), Decimal("50"), Decimal("129.99")]
    assert (lines["unit_price"] * lines["quantity"]).sum() == Decimal("579.98")
    assert lines["discount_amount"].sum() == Decimal("50.60")


def test_rounded_values_are_counted_with_the_sum_of_their_changes() -> None:
    (found,) = read("canonical", file_of(SALES_ROWS), **SALES)
    assert found.rounded == {
        "line_amount": (3, Decimal("-0.000022")),
        "discount_amount": (1, Decimal("-0.00000038")),
    }


def test_nothing_is_rounded_that_is_not_declared() -> None:
    found = _screened(SALES_ROWS, {name: value for name, value in SALES.items() if name != "decimals"})
    assert found.quarantined.height == 3
    assert "unit_price 299.980011 has more than 4 decimals" in found.quarantined["reasons"][0]


def test_halves_are_rounded_away_from_zero_in_the_notation_of_the_source() -> None:
    declared = SALES | {"decimal": ",", "delimiter": ";"}
    rows = SALES_ROWS.split("\n")[0].replace(",", ";") + "\n8;1;2015-01-01 00:00:00;9;1;1.000,005;0,125\n"
    (line,) = _accepted(rows, declared).select("unit_price", "discount_amount").rows()
    assert line == (Decimal("1000.01"), Decimal("0.13"))


def test_a_line_amount_that_is_none_is_quarantined_with_its_text() -> None:
    rows = SALES_ROWS.split("\n")[0] + "\n8,1,2015-01-01 00:00:00,9,1,twelve,\n8,2,2015-01-01 00:00:00,9,x,5,\n"
    found = _screened(rows, SALES)
    assert found.quarantined["reasons"].to_list() == [
        "unit_price 'twelve' is not a number",
        "quantity (kept in the vault) is not a whole number",
    ]


@given(
    cents=st.integers(min_value=0, max_value=10**9),
    units=st.integers(min_value=1, max_value=100_000),
    discount=st.integers(min_value=0, max_value=10_000),
)
def test_the_net_amount_of_a_line_is_its_amount_less_its_discount_to_the_cent(
    cents: int, units: int, discount: int
) -> None:
    amount, off = Decimal(cents) / 100, Decimal(discount) / 100
    columns = {"line_amount": [f"{amount}"], "quantity": [str(units)], "discount_amount": [f"{off}"]}
    (row,) = with_unit_prices(pl.DataFrame(columns), Notation()).rows(named=True)
    gross, less = Decimal(row["unit_price"]) * units, Decimal(row["discount_amount"])
    assert abs(gross - less - (amount - off)) < Decimal("0.005")
    assert gross.quantize(Decimal("0.01")) == amount or less > off


SHARES: dict[str, Any] = {
    "feed": "order_lines",
    "columns": {
        "order": "order_id",
        "line": "line_id",
        "sku": "sku",
        "qty": "quantity",
        "price": "unit_price",
        "off": "discount_share",
    },
    "constants": {"updated_at": "2026-01-01T00:00:00Z"},
}


def test_shares_and_percents_become_amounts_of_discount() -> None:
    rows = (
        "order,line,sku,qty,price,off\n1,1,tea,10,9.80,0.15\n1,2,tea,10,9.80,15%\n1,3,tea,3,0.0001,0.5\n"
        "1,4,tea,1,7,\n1,5,tea,1,7,0\n1,6,tea,1,7,1\n1,7,tea,1,8,0.15000000596046448\n"
    )
    assert _accepted(rows, SHARES)["discount_amount"].to_list() == [
        Decimal(each) if each else None for each in ("14.7", "14.7", "0.0002", None, "0", "7", "1.2")
    ]


def test_a_discount_that_is_no_share_is_quarantined_with_a_remark() -> None:
    rows = "order,line,sku,qty,price,off\n1,1,tea,1,7,15\n1,2,tea,1,7,-0.1\n1,3,tea,1,7,some\n1,4,tea,1,7,101 %\n"
    assert _screened(rows, SHARES).quarantined.height == 4
    (found,) = read("canonical", file_of(rows), **SHARES)
    remark = " (not a share from 0 to 1, or from 0% to 100%)"
    assert found.frame["discount_amount"].to_list() == [f"{each}{remark}" for each in ("15", "-0.1", "some", "101 %")]


def test_a_share_counts_of_the_amount_of_the_line_in_the_notation_of_the_source() -> None:
    columns = {("total" if theirs == "price" else theirs): ours for theirs, ours in SHARES["columns"].items()}
    declared = SHARES | {"columns": {**columns, "total": "line_amount"}, "decimal": ",", "delimiter": ";"}
    rows = "order;line;sku;qty;total;off\n1;1;tea;3;1.000,00;2,5%\n"
    (line,) = _accepted(rows, declared).select("unit_price", "discount_amount").rows()
    assert line == (Decimal("333.3333"), Decimal("25"))


def test_a_share_beside_an_amount_of_discount_is_refused() -> None:
    columns = {**SHARES["columns"], "less": "discount_amount"}
    with pytest.raises(ValueError, match="discount_share and discount_amount say the same; map one of the two"):
        source_of("canonical", **SHARES | {"columns": columns})


@given(
    price=st.decimals(min_value=0, max_value=10**7, places=4),
    units=st.integers(min_value=1, max_value=100_000),
    share=st.decimals(min_value=0, max_value=1, places=9),
)
def test_a_discount_is_the_nearest_amount_to_its_share(price: Decimal, units: int, share: Decimal) -> None:
    columns = {"unit_price": [f"{price}"], "quantity": [str(units)], "discount_share": [f"{share}"]}
    (row,) = with_discounts(pl.DataFrame(columns), Notation()).rows(named=True)
    exact = price * units * share
    assert Decimal(row["discount_amount"]) == exact.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)


SUPPLIES: dict[str, Any] = {
    "feed": "orders",
    "time_zone": "UTC",
    "dates": "%d-%b-%y",
    "columns": {
        "id": "order_id",
        "date": ["placed_at", "updated_at"],
        "country": "ship_country",
        "status": "is_cancelled",
        "freight": "shipping_amount",
    },
    "constants": {"currency": "USD"},
    "words": {"is_cancelled": {"canceled": "yes", "*": "no"}},
    "empty": {"freight": ["Freight Included in Commodity Cost", "see *"]},
}
SUPPLY_ROWS = (
    "id,date,country,status,freight\n"
    "B1,2-Jun-06,Vietnam,COMPLETE,780.34\n"
    "B2,14-Nov-06,Côte d'Ivoire,CANCELED,freight included in commodity cost\n"
    "B3,27-Aug-06,United States,PENDING,See ASN-93 (ID#:1281)\n"
)


def test_names_of_countries_statuses_and_texts_for_no_value_need_no_code() -> None:
    orders = _accepted(SUPPLY_ROWS, SUPPLIES)
    assert orders.select("ship_country", "is_cancelled", "shipping_amount").rows() == [
        ("VN", False, Decimal("780.34")),
        ("CI", True, None),
        ("US", False, None),
    ]


def test_words_for_countries_in_another_language_are_declared() -> None:
    declared = SUPPLIES | {"words": SUPPLIES["words"] | {"orders.ship_country": {"Vietnam": "vn", "usa": "GB"}}}
    rows = SUPPLY_ROWS.replace("Vietnam", "vietnam").replace("United States", "USA")
    assert _accepted(rows, declared)["ship_country"].to_list() == ["VN", "CI", "GB"]


def test_a_status_without_a_word_is_quarantined_and_not_taken_for_no() -> None:
    found = _screened(SUPPLY_ROWS, SUPPLIES | {"words": {"is_cancelled": {"CANCELED": "true", "COMPLETE": "false"}}})
    assert found.accepted["is_cancelled"].to_list() == [False, True]
    assert found.quarantined["rules"].to_list() == ['["is_cancelled|true_or_false"]']


@pytest.mark.parametrize("name", ["Germany", "GERMANY", "DEU", "de", " Germany "])
def test_a_country_is_known_by_its_english_name_and_codes(name: str) -> None:
    rows = SUPPLY_ROWS.replace("Vietnam", name)
    assert _accepted(rows, SUPPLIES)["ship_country"][0] == "DE"


def test_a_text_that_means_no_value_in_every_column_is_empty_everywhere() -> None:
    found = _accepted(SUPPLY_ROWS.replace("Vietnam", "N/A"), SUPPLIES | {"empty": ["n/a", "see *", "Freight *"]})
    assert found["ship_country"].to_list() == [None, "CI", "US"]


def test_a_column_that_no_file_has_is_named_with_the_nearest() -> None:
    columns = SUPPLIES["columns"] | {"staus": "cancel_reason", "Nr": "order_id", "colour": "_"}
    (found,) = read("canonical", file_of(SUPPLY_ROWS), **SUPPLIES | {"columns": columns, "empty": {"fright": ["x"]}})
    assert found.absent == {"staus": "status", "fright": "freight"}


def test_a_constant_beside_a_column_is_named() -> None:
    (found,) = read("canonical", file_of(SUPPLY_ROWS), **SUPPLIES | {"constants": {"currency": "USD", "order_id": "1"}})
    assert found.clashing == {"order_id": "id"}


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("ids: {payment_id: _position}", "payment_id: a position alone is no id; write the column within which"),
        ("ids: {payment_idd: [a, b]}", "there is no id of payments 'payment_idd'; did you mean 'payment_id'?"),
        ("columns: {x: payment_id}\n    ids: {payment_id: [a, b]}", "payment_id: `columns` gives it too"),
        ("ids: {payment_id: [a, a]}", "payment_id: it names one column twice"),
        ("decimals: 5", "decimals: "),
        ("words: {kind: {X: yes}}", "there is no word of ours 'yes'"),
    ],
)
def test_a_mistake_in_the_mapping_is_named_with_its_line(tmp_path: Path, declared: str, message: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(f"sources:\n  pay:\n    format: canonical\n    feed: payments\n    path: x\n    {declared}\n")
    with pytest.raises(OrderhouseError) as caught:
        load_sources(path)
    assert message in str(caught.value)
    assert f"{path}:" in str(caught.value)


def test_words_for_yes_and_no_must_be_yes_or_no() -> None:
    with pytest.raises(ValueError, match="CANCELED: it must be yes or no"):
        source_of("canonical", feed="orders", words={"is_cancelled": {"CANCELED": "perhaps"}})
    with pytest.raises(ValueError, match="did you mean 'VN'"):
        source_of("canonical", feed="orders", words={"ship_country": {"Vietnam": "VNM"}})


def test_a_format_with_columns_of_its_own_takes_no_ids() -> None:
    with pytest.raises(ValueError, match="the format olist defines its own columns"):
        source_of("olist", ids={"payment_id": ["a", "b"]})


def test_only_what_changes_rows_changes_the_mapping_version() -> None:
    plain = source_of("canonical", feed="orders")
    same = source_of("canonical", feed="orders", words={"payment_terms": {"30 days": "invoice"}})
    other = source_of("canonical", feed="orders", words={"ship_country": {"Vietnam": "VN"}})
    assert same.mapping_version == plain.mapping_version
    changed = [
        other,
        *(source_of("canonical", feed="orders", **each) for each in ({"decimals": "0"}, {"empty": ["-"]})),
    ]
    assert len({each.mapping_version for each in (plain, *changed)}) == 4


def _screened(rows: str, declared: dict[str, Any]) -> Screened:
    return screened(read("canonical", file_of(rows), **declared), declared["feed"], "canonical", **declared)


def _accepted(rows: str, declared: dict[str, Any]) -> pl.DataFrame:
    found = _screened(rows, declared)
    assert found.quarantined["reasons"].to_list() == []
    return found.accepted
