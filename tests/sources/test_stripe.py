"""Tests of Stripe objects, events and tables as payments: real payloads with hand-worked figures, and made-up ones."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orderhouse.files.source_files import FileRejected, SourceFile
from orderhouse.sources.formats import FORMATS
from orderhouse.sources.formats.format import FeedRows
from orderhouse.sources.readers.records import RECORD

from tests.integration.running import data_folder
from tests.sources.format_reading import file_of, payloads, read, rows_of, screened, source_of

EVENTS = "stripe_events"
CREATED = 1772323200  # 2026-03-01T00:00:00Z
CHARGE: dict[str, Any] = {
    "id": "ch_1",
    "object": "charge",
    "amount": 3000,
    "amount_captured": 3000,
    "balance_transaction": "txn_1",
    "captured": True,
    "created": CREATED,
    "currency": "usd",
    "livemode": True,
    "metadata": {"order_id": "1001"},
    "payment_intent": "pi_1",
    "payment_method_details": {"type": "card", "card": {"brand": "visa"}},
    "status": "succeeded",
}
REFUND: dict[str, Any] = {
    "id": "re_1",
    "object": "refund",
    "amount": 800,
    "balance_transaction": "txn_2",
    "charge": "ch_1",
    "created": CREATED + 60,
    "currency": "usd",
    "metadata": {},
    "status": "succeeded",
}
DISPUTE: dict[str, Any] = {
    "id": "dp_1",
    "object": "dispute",
    "amount": 3000,
    "balance_transactions": [{"object": "balance_transaction", "amount": -3000, "fee": 1500, "currency": "usd"}],
    "charge": "ch_1",
    "created": CREATED + 120,
    "currency": "usd",
    "metadata": {},
    "status": "needs_response",
}
BACK = {"object": "balance_transaction", "amount": 3000, "fee": -1500, "currency": "usd", "created": CREATED + 999}


def event(type_: str, body: dict[str, Any], at: int = CREATED + 5) -> dict[str, Any]:
    return {"object": "event", "id": f"evt_{type_}", "type": type_, "created": at, "data": {"object": body}}


def found_in(*values: Any, **declared: Any) -> list[FeedRows]:
    """Read a file of JSON lines."""
    return read(EVENTS, file_of("\n".join(json.dumps(value) for value in values)), **declared)


def payments(*values: Any, **declared: Any) -> pl.DataFrame:
    return rows_of(found_in(*values, **declared), "payments")


def kinds(*values: Any) -> dict[str, str]:
    """Return the kind of each payment."""
    return dict(payments(*values).select("payment_id", "kind").rows())


def ignored(found: list[FeedRows]) -> tuple[str, ...]:
    return tuple(name for each in found for name in each.ignored)


def malformed(found: list[FeedRows]) -> list[str]:
    return [each.reason for rows in found for each in rows.malformed]


def test_the_fixtures_of_the_api_give_an_authorisation_and_its_release() -> None:
    path = payloads(data_folder(), "stripe_api") / "fixtures3.json"
    found = read(EVENTS, file_of(path.read_bytes()))
    accepted = screened(found, "payments", EVENTS).accepted
    assert accepted.select("payment_id", "kind", "amount", "currency", "method").rows() == [
        ("ch_1PgafuB7WZ01zgkWXYmPNZs8", "charge/authorized", Decimal("1"), "USD", "card/visa"),
        ("re_1Pgc72B7WZ01zgkWqPvrRrPE", "refund/released", Decimal("1"), "USD", None),
    ]
    assert malformed(found) == []
    assert {"1 × plan.created events", "1 × inquiries, which take no money"} <= {*ignored(found)}


def test_every_fixture_is_taken_or_ignored_by_name() -> None:
    path = payloads(data_folder(), "stripe_api") / "fixtures3.json"
    sent = json.loads(path.read_bytes())["resources"]
    found = read(EVENTS, file_of(path.read_bytes()))
    records = sorted(record for rows in found for record in rows.frame[RECORD])
    assert records == list(range(1, len(sent) + 1))


def test_the_tables_give_failed_charges_refunds_and_disputes() -> None:
    folder = payloads(data_folder(), "stripe_warehouse_tables")
    files = [file_of(path.read_bytes(), str(path)) for path in sorted(folder.glob("*.csv"))]
    found = read("stripe_tables", *files)
    screening = screened(found, "payments", "stripe_tables")
    assert screening.quarantined.height == 0
    by_kind = screening.accepted.group_by("kind").agg(pl.len(), pl.col("amount").sum()).sort("kind")
    # disputes: 12.34 + 33.33 + 33.31 won; 10.99 + 12.22 + 2212.44 + 4325.32 + 14 + 14 + 7.02 lost; 7.01 open
    assert by_kind.rows() == [
        ("charge/failed", 16, Decimal("66776.96")),
        ("dispute/created", 11, Decimal("6681.98")),
        ("dispute/lost", 7, Decimal("6595.99")),
        ("dispute/won", 3, Decimal("78.98")),
        ("refund/succeeded", 4, Decimal("23914.21")),
    ]
    assert {rows.file.path for rows in found} == {file.path for file in files}


def test_the_same_charge_seen_anywhere_gives_the_same_rows() -> None:
    views = [
        CHARGE,
        event("charge.succeeded", CHARGE),
        event("charge.updated", CHARGE, CREATED + 9999),
        {"object": "list", "data": [CHARGE]},
        {"object": "payment_intent", "id": "pi_1", "latest_charge": CHARGE},
        {**REFUND, "charge": CHARGE, "status": "pending"},
    ]
    for view in views:
        assert payments(view).drop(RECORD).rows() == payments(CHARGE).drop(RECORD).rows()


def test_a_charge_that_is_captured_later_adds_a_row_and_changes_none() -> None:
    before = payments({**CHARGE, "captured": False, "amount_captured": 0, "balance_transaction": None})
    after = payments({**CHARGE, "amount_captured": 2000})
    assert before["kind"].to_list() == ["charge/authorized"]
    assert set(before.rows()) < set(after.rows())
    assert after.select("kind", "amount", "parent_payment_id").rows() == [
        ("charge/authorized", "30.00", None),
        ("charge/captured", "20.00", "ch_1"),
    ]


def test_a_refund_is_the_same_alone_in_an_event_and_inside_its_charge() -> None:
    inside = {**CHARGE, "amount_refunded": 800, "refunds": {"object": "list", "data": [REFUND]}}
    alone = payments(REFUND).drop(RECORD).rows()
    for view in (inside, event("charge.refunded", inside), event("refund.created", REFUND)):
        rows = payments(view).filter(pl.col("payment_id") == "re_1").drop(RECORD).rows()
        assert rows == alone


def test_a_refund_names_its_charge_in_place_of_an_order() -> None:
    assert payments(REFUND).select("order_id", "parent_payment_id").rows() == [("ch_1", "ch_1")]
    named = {**REFUND, "metadata": {"order_id": "7"}}
    assert payments(named)["order_id"].to_list() == ["7"]


def test_the_prefix_of_order_numbers_is_not_put_before_a_charge() -> None:
    accepted = screened(found_in(CHARGE, REFUND), "payments", EVENTS, order_id_prefix="W-").accepted
    assert dict(accepted.select("payment_id", "order_id").rows()) == {
        "ch_1": "W-1001",
        "ch_1/captured": "W-1001",
        "re_1": "ch_1",
    }


def test_a_refund_without_an_order_follows_its_charge_under_a_prefix_of_the_providers_own() -> None:
    prefixes = {"order_id_prefix": "W-", "id_prefix": "S-"}
    accepted = screened(found_in(CHARGE, REFUND), "payments", EVENTS, **prefixes).accepted
    assert accepted.select("payment_id", "order_id", "parent_payment_id").sort("payment_id").rows() == [
        ("S-ch_1", "W-1001", None),
        ("S-ch_1/captured", "W-1001", "S-ch_1"),
        ("S-re_1", "S-ch_1", "S-ch_1"),
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {"re_1": "refund/succeeded"}),
        ({"status": "pending"}, {}),
        ({"status": "failed"}, {"re_1": "refund/failed"}),
        ({"status": "canceled", "balance_transaction": None}, {"re_1": "refund/canceled"}),
        ({"balance_transaction": None}, {"re_1": "refund/released"}),
        ({"status": "odd"}, {"re_1/odd": "refund/odd"}),
    ],
)
def test_a_refund_by_its_status(changed: dict[str, Any], expected: dict[str, str]) -> None:
    assert kinds({**REFUND, **changed}) == expected
    records = sorted(record for rows in found_in({**REFUND, **changed}) for record in rows.frame[RECORD].unique())
    assert records == [1]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"status": "failed", "captured": False}, {"ch_1/failed": "charge/failed"}),
        ({"status": "pending", "captured": False}, {}),
        ({"status": "odd"}, {"ch_1/odd": "charge/odd"}),
    ],
)
def test_a_charge_by_its_status(changed: dict[str, Any], expected: dict[str, str]) -> None:
    assert kinds({**CHARGE, **changed}) == expected


def test_a_won_dispute_gives_the_money_and_the_fee_back_at_the_instant_that_it_came() -> None:
    won = {**DISPUTE, "status": "won", "balance_transactions": [*DISPUTE["balance_transactions"], BACK]}
    rows = payments(won).select("payment_id", "kind", "amount", "fee_amount", "occurred_at").rows()
    assert rows == [
        ("dp_1", "dispute/created", "30.00", "15.00", "2026-03-01T00:02:00Z"),
        ("dp_1/won", "dispute/won", "30.00", "-15.00", "2026-03-01T00:16:39Z"),
    ]


def test_a_later_movement_of_a_dispute_is_a_cost_of_its_own() -> None:
    later = {"object": "balance_transaction", "id": "txn_8", "amount": -250, "fee": 0, "net": -250, "currency": "usd"}
    moved = [{**later, "created": CREATED + 130}, *DISPUTE["balance_transactions"]]
    rows = payments({**DISPUTE, "balance_transactions": moved}).select("payment_id", "kind", "amount", "fee_amount")
    assert rows.rows() == [
        ("dp_1", "dispute/created", "30.00", "15.00"),
        ("dp_1/txn_8", "dispute/adjusted", "0.00", "2.50"),
    ]


def test_the_first_movement_of_a_dispute_is_the_same_before_and_after_a_later_one() -> None:
    later = {"object": "balance_transaction", "id": "txn_8", "amount": -250, "fee": 30, "currency": "usd", "created": 1}
    first = {**DISPUTE["balance_transactions"][0], "id": "txn_7", "created": 0}
    before = payments({**DISPUTE, "balance_transactions": [first]})
    after = payments({**DISPUTE, "balance_transactions": [later, first]})
    assert after.filter(pl.col("payment_id") == "dp_1").rows() == before.rows()
    assert after["fee_amount"].to_list() == ["15.00", "2.80"]


def test_a_dispute_that_took_more_than_its_amount_has_the_rest_as_fee() -> None:
    taken = {"amount": -3100, "fee": 1500, "net": -4600, "currency": "usd", "id": "txn_7"}
    assert payments({**DISPUTE, "balance_transactions": [taken]})["fee_amount"].to_list() == ["16.00"]


def test_money_that_comes_back_to_a_lost_dispute_lowers_its_cost() -> None:
    lost = {
        **DISPUTE,
        "status": "lost",
        "balance_transactions": [*DISPUTE["balance_transactions"], {**BACK, "id": "t"}],
    }
    costs = dict(payments(lost).select("payment_id", "fee_amount").rows())
    assert costs == {"dp_1": "15.00", "dp_1/t": "-45.00"}


@pytest.mark.parametrize("status", ["pending", "in_transit", "paid", "failed", "canceled"])
def test_a_payout_has_a_row_for_each_of_its_states(status: str) -> None:
    payout = {
        "object": "payout",
        "id": "po_1",
        "amount": -86,
        "currency": "usd",
        "status": status,
        "created": CREATED,
        "arrival_date": CREATED + 86400,
    }
    assert rows_of(found_in(event(f"payout.{status}", payout)), "payouts").to_dicts() == [
        {
            "_record": 1,
            "payout_id": "po_1",
            "arrives_at": "2026-03-02T00:00:00Z",
            "movement_id": f"po_1/{status}",
            "kind": f"payout/{status}",
            "amount": "-0.86",
            "currency": "USD",
            "occurred_at": "2026-03-01T00:00:00Z",
            "provider": "stripe",
        }
    ]


def test_a_lost_dispute_is_lost_when_it_was_closed() -> None:
    lost = {**DISPUTE, "status": "lost"}
    closed = payments(event("charge.dispute.closed", lost, CREATED + 500))
    assert closed.select("payment_id", "occurred_at").rows() == [
        ("dp_1", "2026-03-01T00:02:00Z"),
        ("dp_1/lost", "2026-03-01T00:08:20Z"),
    ]
    assert kinds(lost) == {"dp_1": "dispute/created"}
    assert "1 × the losing of disputes without its instant" in ignored(found_in(lost))


def test_an_inquiry_takes_no_money() -> None:
    assert kinds({**DISPUTE, "status": "warning_needs_response"}) == {}


def test_an_expanded_balance_transaction_gives_the_fee_and_the_instant_of_the_capture() -> None:
    moved = {"object": "balance_transaction", "id": "txn_1", "fee": 117, "currency": "usd", "created": CREATED + 86400}
    expected = [("1.17", "2026-03-02T00:00:00Z")]
    for view in ({**CHARGE, "balance_transaction": moved}, {**moved, "source": CHARGE}):
        captured = payments(view).filter(pl.col("kind") == "charge/captured")
        assert captured.select("fee_amount", "occurred_at").rows() == expected


def test_a_fee_in_another_currency_stays_out() -> None:
    moved = {"object": "balance_transaction", "id": "txn_1", "fee": 117, "currency": "eur", "created": CREATED + 86400}
    captured = payments({**CHARGE, "balance_transaction": moved}).filter(pl.col("kind") == "charge/captured")
    assert captured.select("fee_amount", "occurred_at").rows() == [(None, "2026-03-01T00:00:00Z")]


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [("jpy", 500, "500"), ("kwd", 5120, "5.120"), ("usd", 5, "0.05"), ("isk", 500, "5.00"), ("mga", 7, "7")],
)
def test_amounts_are_in_the_currencys_smallest_unit(currency: str, amount: int, expected: str) -> None:
    rows = payments({**CHARGE, "currency": currency, "amount": amount, "amount_captured": amount})
    assert rows["amount"].to_list() == [expected, expected]


@given(st.integers(0, 10**13), st.sampled_from([("usd", 2), ("jpy", 0), ("kwd", 3)]))
@settings(max_examples=40, deadline=None)
def test_no_amount_loses_a_digit(amount: int, unit: tuple[str, int]) -> None:
    rows = payments({**CHARGE, "currency": unit[0], "amount": amount, "amount_captured": amount})
    assert {Decimal(each) * 10 ** unit[1] for each in rows["amount"]} == {Decimal(amount)}


def test_an_amount_that_is_no_whole_number_is_stopped() -> None:
    screening = screened(found_in({**CHARGE, "amount": 10.5}), "payments", EVENTS)
    assert screening.quarantined["reasons"].to_list() == ["amount (kept in the vault) is not a number"]


def test_a_charge_that_names_no_order_is_an_orphan_under_its_own_id() -> None:
    rows = payments({**CHARGE, "metadata": {}})
    assert rows["order_id"].unique().to_list() == ["ch_1"]


def test_the_key_of_the_order_number_can_be_declared() -> None:
    changed = {**CHARGE, "metadata": {"order_id": "1", "shop_order": "2"}, "description": "3"}
    assert payments(changed, columns={"metadata.shop_order": "order_id"})["order_id"].unique().to_list() == ["2"]
    assert payments(changed, columns={"description": "order_id"})["order_id"].unique().to_list() == ["3"]


def test_a_refund_without_its_refunds_list_is_spoken_of() -> None:
    found = found_in({**CHARGE, "amount_refunded": 800})
    assert ignored(found) == ("1 × the amount_refunded of charges without their refunds",)


def test_what_is_no_object_of_stripes_is_quarantined_with_its_reason() -> None:
    odd: list[Any] = [{"object": "horse"}, {"id": 1}, 5, {"object": "event", "type": "a.b", "data": {}}]
    found = read(EVENTS, file_of(json.dumps(odd)))
    assert malformed(found) == [
        "the record is of a kind of object that is not known",
        "the record does not say in `object` which object of Stripe's it is",
        "the record is not a JSON object",
        "the event holds no object of Stripe's that is known",
    ]


def test_half_a_character_stops_its_record_and_no_other() -> None:
    broken = '{"object": "charge", "id": "\\ud800"}'
    found = read(EVENTS, file_of(f"{json.dumps(CHARGE)}\n{broken}\n"))
    assert malformed(found) == ["the record holds half a character"]
    assert rows_of(found, "payments").height == 2


def test_packed_files_are_read_like_plain_ones() -> None:
    packed = read(EVENTS, file_of(gzip.compress(json.dumps(CHARGE).encode())))
    assert rows_of(packed, "payments").rows() == payments(CHARGE).rows()


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["charge", "refund", "list"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*CHARGE, "object", "data", "type", "resources", "refunds", "charge"])
            | st.text(max_size=4),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(ANY_JSON)
@settings(max_examples=80, deadline=None)
def test_any_json_is_taken_ignored_or_quarantined_record_by_record(value: Any) -> None:
    """Each value of an array is a record. Of a Stripe list, each member is a record instead."""
    found = read(EVENTS, file_of(json.dumps([value])))
    taken = {record for rows in found for record in rows.frame[RECORD]}
    stopped = {each.record for rows in found for each in rows.malformed}
    assert taken | stopped == set(range(1, members(value) + 1))
    assert not taken & stopped


def members(value: Any) -> int:
    if isinstance(value, dict) and value.get("object") == "list" and isinstance(value.get("data"), list):
        return len(value["data"])
    if isinstance(value, dict) and "object" not in value and isinstance(value.get("resources"), dict):
        return len(value["resources"])
    return 1


def table(name: str, text: str) -> SourceFile:
    return file_of(text, f"landing/{name}_data.csv")


CHARGES = table(
    "stripe_charge",
    "id,amount,currency,created,status,captured,balance_transaction_id,metadata,payment_method_id\n"
    'ch_1,3000,usd,2026-03-01 00:00:00,succeeded,TRUE,txn_1,"{""order_id"":""1001""}",pm_1\n',
)
MOVEMENTS = table(
    "balance_transaction",
    "id,amount,currency,fee,source,payout_id,type,created\n"
    "txn_1,2000,usd,88,ch_1,po_1,charge,2026-03-03 00:00:00\ntxn_9,-1,usd,0,ch_1,,adjustment,2026-03-03 00:00:00\n",
)
PAYOUTS = table("payout", "id,status,arrival_date\npo_1,paid,2026-03-05 00:00:00\n")
METHODS = table("payment_method", "id,type\npm_1,card\n")
BRANDS = table("payment_method_card", "payment_method_id,brand\npm_1,Visa\n")


def test_tables_join_fee_payout_method_and_the_amount_captured() -> None:
    found = read("stripe_tables", CHARGES, MOVEMENTS, PAYOUTS, METHODS, BRANDS)
    (captured,) = rows_of(found, "payments").filter(pl.col("kind") == "charge/captured").to_dicts()
    assert captured == {
        "order_id": "1001",
        "_record": 2,
        "payment_id": "ch_1/captured",
        "kind": "charge/captured",
        "amount": "20.00",
        "currency": "USD",
        "occurred_at": "2026-03-03 00:00:00",
        "method": "card/visa",
        "provider": "stripe",
        "fee_amount": "0.88",
        "payout_id": "po_1",
        "payout_at": "2026-03-05 00:00:00",
        "parent_payment_id": "ch_1",
    }


DISPUTES = table(
    "dispute",
    "id,amount,currency,created,status,charge_id,balance_transaction\n"
    "dp_1,3000,usd,2026-03-04 00:00:00,won,ch_1,txn_2\n",
)
DISPUTE_MOVEMENTS = (
    "id,amount,currency,fee,source,payout_id,type,created\n"
    "txn_1,2000,usd,88,ch_1,po_1,charge,2026-03-03 00:00:00\n"
    "txn_2,-3000,usd,1500,dp_1,po_2,adjustment,2026-03-04 00:00:00\n"
    "txn_3,-250,usd,0,dp_1,po_2,adjustment,2026-03-04 00:00:10\n"
    "txn_4,3000,usd,-1500,dp_1,po_3,adjustment,2026-03-18 00:00:00\n"
)


def test_the_movements_of_a_dispute_in_tables_have_their_own_fees_and_payouts() -> None:
    found = read("stripe_tables", CHARGES, table("balance_transaction", DISPUTE_MOVEMENTS), DISPUTES)
    rows = rows_of(found, "payments").filter(pl.col("kind").str.starts_with("dispute"))
    assert rows.select("payment_id", "kind", "amount", "fee_amount", "payout_id").rows() == [
        ("dp_1", "dispute/created", "30.00", "15.00", "po_2"),
        ("dp_1/won", "dispute/won", "30.00", "-15.00", "po_3"),
        ("dp_1/txn_3", "dispute/adjusted", "0.00", "2.50", "po_2"),
    ]
    named = rows_of(found, "payouts").select("movement_id", "payment_id", "payout_id").rows()
    assert named == [
        ("txn_1", "ch_1/captured", "po_1"),
        ("txn_2", "dp_1", "po_2"),
        ("txn_3", "dp_1/txn_3", "po_2"),
        ("txn_4", "dp_1/won", "po_3"),
    ]


def test_tables_state_payouts_and_the_movements_in_them() -> None:
    moved = (
        "id,amount,currency,fee,source,payout_id,type,created\n"
        "txn_1,2000,usd,88,ch_1,po_1,charge,2026-03-03 00:00:00\n"
        "txn_2,-500,usd,0,,po_1,stripe_fee,2026-03-03 00:00:00\n"
        "txn_3,-1412,usd,0,po_1,po_1,payout,2026-03-04 00:00:00\n"
        "txn_4,77,usd,0,,,adjustment,2026-03-04 00:00:00\n"
    )
    stated = (
        "id,amount,currency,status,arrival_date,created\npo_1,1412,usd,paid,2026-03-06 00:00:00,2026-03-04 00:00:00\n"
    )
    found = read("stripe_tables", CHARGES, table("balance_transaction", moved), table("payout", stated))
    accepted = screened(found, "payouts", "stripe_tables").accepted
    assert accepted.select("movement_id", "payout_id", "kind", "amount", "fee_amount", "payment_id").rows() == [
        ("po_1/paid", "po_1", "payout/paid", Decimal("14.12"), None, None),
        ("txn_1", "po_1", "movement/charge", Decimal("20"), Decimal("0.88"), "ch_1/captured"),
        ("txn_2", "po_1", "movement/stripe_fee", Decimal("-5"), Decimal("0"), None),
    ]
    assert "2 × rows that are no part of a payout" in ignored(found)


def test_tables_alone_and_the_api_give_the_same_payments() -> None:
    tables = screened(read("stripe_tables", CHARGES, METHODS, BRANDS), "payments", "stripe_tables").accepted
    api = screened(found_in(CHARGE), "payments", EVENTS).accepted
    assert tables.drop(RECORD).rows() == api.drop(RECORD).rows()


def test_a_folder_without_payments_is_refused_with_what_it_has() -> None:
    with pytest.raises(FileRejected, match="holds no payments; it has payout_data.csv"):
        read("stripe_tables", PAYOUTS)


def test_two_files_of_one_table_are_refused() -> None:
    with pytest.raises(FileRejected, match="two files of the table charge"):
        read("stripe_tables", CHARGES, file_of("id\n", "landing/charge.csv"))


def test_the_bundle_is_the_folder() -> None:
    paths = ["a/charge_data.csv", "a/x.csv", "b/refund.csv.gz", "b/notes.txt"]
    assert FORMATS["stripe_tables"].bundles(source_of("stripe_tables"), paths) == [
        ["a/charge_data.csv", "a/x.csv"],
        ["b/refund.csv.gz"],
    ]
