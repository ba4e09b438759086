"""Tests of Adyen's settlement details: payments with their fees, and batches that add up to what they pay out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.records import RECORD

from tests.sources.format_reading import file_of, read, rows_of, screened
from tests.sources.provider_sums import meanings, parts_of_payout

NAME = "adyen_settlement_details"
Line = dict[str, str]
COLUMNS = (
    "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type",
    "Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency",
    "Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC)",
    "Payment Method Variant,Modification Merchant Reference,Batch Number",
)
HEADER = [name for columns in COLUMNS for name in columns.split(",")]
SHARED: Line = {
    "Company Account": "Tea",
    "Merchant Account": "TeaShop",
    "Creation Date": "2026-03-01 11:26:49",
    "TimeZone": "CET",
    "Exchange Rate": "1",
    "Gross Currency": "EUR",
    "Net Currency": "EUR",
    "Batch Number": "4",
}


def entry(
    type_: str, *, net: str, gross: str = "", psp: str = "", change: str = "", order: str = "", **more: str
) -> Line:
    """Return a line; amounts below zero are debits."""
    named = {"Type": type_, "Psp Reference": psp, "Modification Reference": change, "Merchant Reference": order}
    amounts = {
        f"{kind} {'Debit' if value.startswith('-') else 'Credit'} ({kind[0]}C)": value.lstrip("-")
        for kind, value in (("Gross", gross), ("Net", net))
    }
    return SHARED | named | amounts | {name.replace("_", " "): value for name, value in more.items()}


def fees(**amounts: str) -> Line:
    return {f"{name.replace('_', ' ')} (NC)": value for name, value in amounts.items()}


CARD = {"psp": "P1", "order": "A1", "Payment_Method": "visa"}
LINES = [
    entry("Settled", gross="50.00", net="48.80", change="M1", **CARD)
    | fees(Markup="0.40", Scheme_Fees="0.10", Interchange="0.70"),
    entry("Refunded", gross="-10.00", net="-10.15", change="M2", **CARD) | fees(Commission="0.15"),
    entry("RefundedReversed", gross="10.00", net="10.00", change="M2", **CARD),
    entry("Chargeback", gross="-50.00", net="-57.50", change="M3", **CARD) | fees(Commission="7.5"),
    entry("ChargebackReversed", gross="50.00", net="50.00", change="M3", **CARD),
    entry("SecondChargeback", gross="-50.00", net="-50.00", change="M3", **CARD),
    entry(
        "Settled",
        gross="100.00",
        net="90.90",
        change="M4",
        psp="P2",
        order="A2",
        Gross_Currency="USD",
        Exchange_Rate="0.92",
    )
    | fees(Commission="1.10"),
    entry("Fee", net="-3.30", change="Transaction Fees March 2026"),
    entry("DepositCorrection", net="-20.00"),
    entry("InvoiceDeduction", net="-5.00"),
    entry("ManualCorrected", net="2.00"),
    entry("Balancetransfer", net="150.00"),
]
# 48.80 − 10.15 + 10 − 57.50 + 50 − 50 + 90.90 − 3.30 − 20 − 5 + 2 + 150
PAID_OUT = "205.75"
REPORT = [*LINES, entry("MerchantPayout", net=f"-{PAID_OUT}") | {"Creation Date": "2026-03-04 04:55:40"}]


def report(*lines: Line, delimiter: str = ",") -> SourceFile:
    rows = [HEADER, *([line.get(name, "") for name in HEADER] for line in lines)]
    return file_of("".join(delimiter.join(row) + "\n" for row in rows), "settlement_detail_report_batch_4.csv")


def found_in(*lines: Line, **declared: Any) -> list[FeedRows]:
    return read(NAME, report(*lines), **declared)


def accepted(found: list[FeedRows], feed: str, **declared: Any) -> pl.DataFrame:
    """Return the rows of a feed, none of which may be quarantined."""
    sorted_out = screened(found, feed, NAME, **declared)
    assert sorted_out.quarantined["reasons"].to_list() == []
    return sorted_out.accepted


def quarantined(found: list[FeedRows], feed: str) -> list[int]:
    return sorted(screened(found, feed, NAME).quarantined["record"].unique())


def test_payments_have_their_order_their_fees_and_their_payout() -> None:
    payments = accepted(found_in(*REPORT), "payments").sort(RECORD)
    assert payments.select("payment_id", "order_id", "amount", "currency", "fee_amount").rows() == [
        ("M1/settled", "A1", Decimal(50), "EUR", Decimal("1.20")),
        ("M2/refunded", "A1", Decimal(10), "EUR", Decimal("0.15")),
        ("M2/refundedreversed", "A1", Decimal(10), "EUR", Decimal(0)),
        ("M3/chargeback", "A1", Decimal(50), "EUR", Decimal("7.50")),
        ("M3/chargebackreversed", "A1", Decimal(50), "EUR", Decimal(0)),
        ("M3/secondchargeback", "A1", Decimal(50), "EUR", Decimal(0)),
        ("M4/settled", "A2", Decimal(100), "USD", None),
    ]
    assert payments["method"].to_list()[0] == "visa"
    assert payments.select("payout_id", "payout_at").unique().rows() == [
        ("TeaShop/4/EUR", datetime(2026, 3, 4, 3, 55, 40)),
    ]
    known = meanings(NAME, "payments")
    assert [known[word] for word in payments["kind"]] == [
        "captured",
        "refunded",
        "captured",
        "disputed",
        "dispute_won",
        "disputed",
        "captured",
    ]
    assert payments["parent_payment_id"].to_list() == ["P1"] * 6 + ["P2"]


def test_the_parts_of_a_batch_add_up_to_its_payout() -> None:
    found = found_in(*REPORT)
    stated, parts = parts_of_payout(accepted(found, "payments"), accepted(found, "payouts"), NAME)
    assert stated == {("TeaShop/4/EUR", "EUR"): Decimal(PAID_OUT)}
    assert {key: sum(kinds.values()) for key, kinds in parts.items()} == stated
    assert parts["TeaShop/4/EUR", "EUR"] == {
        "captured": Decimal("58.80"),
        "refunded": Decimal("-10.15"),
        "disputed": Decimal("-107.50"),
        "dispute_won": Decimal("50"),
        # The payment in dollars counts as Adyen converted it.
        "payment": Decimal("90.90"),
        "fee": Decimal("-8.30"),
        "reserve": Decimal("-20"),
        "adjustment": Decimal("2"),
        "transfer": Decimal("150"),
    }


def test_a_converted_payment_moves_its_net_amount_and_its_fees() -> None:
    moved = accepted(found_in(*REPORT), "payouts").filter(pl.col("payment_id") == "M4/settled")
    assert moved.select("amount", "fee_amount", "currency").rows() == [(Decimal("92.00"), Decimal("1.10"), "EUR")]


def test_every_line_is_a_movement_or_the_payout_with_its_line_of_the_file() -> None:
    payouts = accepted(found_in(*REPORT), "payouts")
    assert payouts[RECORD].to_list() == list(range(2, len(REPORT) + 2))
    assert payouts["movement_id"].n_unique() == len(REPORT)


def test_a_batch_pays_out_in_each_of_its_currencies() -> None:
    dollars = {"Net Currency": "USD", "Gross Currency": "USD"}
    lines = [
        line | dollars for line in (entry("Settled", gross="9", net="9", psp="P9"), entry("MerchantPayout", net="-9"))
    ]
    found = found_in(*REPORT, *lines)
    stated, parts = parts_of_payout(accepted(found, "payments"), accepted(found, "payouts"), NAME)
    assert stated["TeaShop/4/USD", "USD"] == Decimal(9) == sum(parts["TeaShop/4/USD", "USD"].values())
    assert stated["TeaShop/4/EUR", "EUR"] == Decimal(PAID_OUT)


def test_two_payouts_of_a_batch_are_one_and_the_second_line_is_counted_by_name() -> None:
    found = found_in(entry("MerchantPayout", net="-5"), entry("MerchantPayout", net="-7.5"))
    assert accepted(found, "payouts").select("amount", RECORD).rows() == [(Decimal("12.5"), 2)]
    ignored = [each for each in found if each.role == "lookup"]
    assert [(each.frame[RECORD].to_list(), each.ignored) for each in ignored] == [
        ([3], ("1 × further payouts of a batch, counted with its first",))
    ]


def test_words_that_nobody_mapped_are_kept_as_they_are() -> None:
    found = found_in(entry("BrandNew", net="-1"), entry("Settled", gross="-3", net="-3", psp="P7"))
    payouts, known = accepted(found, "payouts"), meanings(NAME, "payouts")
    assert [(word, known.get(word)) for word in payouts["kind"]] == [
        ("movement/brandnew", None),
        ("movement/settled", "payment"),
    ]
    assert accepted(found, "payments")["kind"].to_list() == ["settled/reversed"]
    assert "settled/reversed" not in meanings(NAME, "payments")


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("CET", 10),
        ("CEST", 9),
        ("BST", 10),
        ("UTC", 11),
        ("PST", 19),
        ("Europe/Amsterdam", 9),
        ("America/New_York", 15),
    ],
)
def test_a_local_time_counts_in_the_zone_of_its_line(zone: str, hour: int) -> None:
    at = {"Creation Date": "2026-06-03 11:26:49", "TimeZone": zone}
    payment = accepted(found_in(entry("Settled", gross="5", net="5", psp="P1") | at), "payments").row(0, named=True)
    assert payment["occurred_at"] == datetime(2026, 6, 3, hour, 26, 49)


def test_an_abbreviation_with_several_meanings_needs_a_declared_zone() -> None:
    line = entry("Settled", gross="5", net="5", psp="P1") | {"TimeZone": "IST"}
    assert quarantined(found_in(line), "payments") == [2]
    declared = {"time_zone": "Asia/Kolkata"}
    assert accepted(found_in(line, **declared), "payments", **declared)["occurred_at"].to_list() == [
        datetime(2026, 3, 1, 5, 56, 49)
    ]


def test_what_is_no_amount_is_quarantined_with_its_line() -> None:
    found = found_in(
        entry("Settled", gross="50.00", net="48.80", psp="P1") | fees(Markup=".7.0"),
        entry("Fee", net="-.5"),
        entry("Fee", net="-1.00"),
        entry("Fee", net=""),
    )
    assert quarantined(found, "payments") == [2]
    assert quarantined(found, "payouts") == [2, 3, 5]


def test_a_payment_without_a_batch_is_quarantined_as_a_movement_only() -> None:
    found = found_in(entry("Settled", gross="5", net="5", psp="P1") | {"Batch Number": ""})
    assert quarantined(found, "payouts") == [2]
    assert accepted(found, "payments")["payout_id"].to_list() == [None]


def test_a_report_saved_by_a_spreadsheet_gives_the_same_rows() -> None:
    declared = {"dates": "%d/%m/%Y %H:%M:%S", "decimal": ",", "delimiter": ";"}

    def saved(line: Line) -> Line:
        day, clock = line["Creation Date"].split(" ")
        year, month, date = day.split("-")
        amounts = {name: text.replace(".", ",") for name, text in line.items() if name.endswith("C)")}
        return line | amounts | {"Creation Date": f"{date}/{month}/{year} {clock}"}

    again = read(NAME, report(*map(saved, REPORT), delimiter=";"), **declared)
    for feed in ("payments", "payouts"):
        assert accepted(again, feed, **declared).equals(accepted(found_in(*REPORT), feed))


@settings(max_examples=8, deadline=None)
@given(st.permutations([*REPORT, LINES[7]]))
def test_the_order_of_lines_changes_no_row(lines: list[Line]) -> None:
    for feed, key in (("payments", "payment_id"), ("payouts", "movement_id")):
        again, first = (rows_of(found_in(*sent), feed).drop(RECORD).sort(key) for sent in (lines, [*REPORT, LINES[7]]))
        assert again.equals(first)


def test_equal_lines_count_twice_and_a_file_sent_again_once() -> None:
    ids = [accepted(found_in(LINES[7], LINES[7]), "payouts")["movement_id"].to_list() for _ in range(2)]
    assert len(set(ids[0])) == 2
    assert ids[0] == ids[1]


def test_other_files_are_refused_with_a_sentence() -> None:
    with pytest.raises(FileRejected, match="no column Merchant Account, Psp Reference"):
        read(NAME, file_of("order_id,amount\n1,2\n", "other.csv"))
