"""Tests of every feed, column by column as the feed page lists it: types, required, keys, bounds and rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import polars as pl
import pytest
from orderhouse.contracts import CONTRACTS
from orderhouse.contracts.columns import kind_of
from orderhouse.ingest.screening import Screened, screen
from orderhouse.sources.config.declaration import Source
from orderhouse.vault.vault import Vault, in_memory_vault

# Every column's kind as the page lists it: `!` required, `k` key, `p` personal, `w` enumerated, `l` a label.
COLUMNS: dict[str, str] = {
    "orders": """
        order_id:text!k placed_at:instant! updated_at:instant! currency:currency! channel:text
        order_type:text:w original_order_id:text legal_entity:text customer_id:text email:text:p phone:text:p
        ship_name:text:p ship_street:text:p ship_city:text ship_region:text ship_postcode:text
        ship_country:country shipping_amount:money shipping_tax_amount:money prices_include_tax:bool
        discount_code:text payment_terms:text:w invoice_due_at:instant promised_at:instant
        promise_is_date_only:bool is_cancelled:bool cancelled_at:instant cancel_reason:text is_test:bool
        is_held_back:bool
    """,
    "order_lines": """
        order_id:text!k line_id:text!k updated_at:instant! sku:text! quantity:units! unit_price:money!
        discount_amount:money tax_amount:money cancelled_quantity:units promised_at:instant
        promise_is_date_only:bool warehouse_id:text seller_id:text is_gift_card:bool requires_shipping:bool
    """,
    "payments": """
        payment_id:text!k order_id:text! kind:text!w amount:money! currency:currency! occurred_at:instant!
        method:text provider:text fee_amount:money payout_id:text payout_at:instant parent_payment_id:text
        return_id:text goods_amount:money tax_amount:money shipping_amount:money
    """,
    "payouts": """
        movement_id:text!k payout_id:text! kind:text!w amount:money! currency:currency! occurred_at:instant!
        arrives_at:instant provider:text payment_id:text fee_amount:money
    """,
    "shipments": """
        shipment_id:text!k line_id:text!k order_id:text!k quantity:units! shipped_at:instant! sku:text
        warehouse_id:text carrier:text:l service:text tracking_number:text estimated_delivery_at:instant
        estimate_is_date_only:bool cost_amount:money cost_currency:currency
    """,
    "tracking": """
        shipment_id:text:k carrier:text:kl tracking_number:text:k status:text!kw occurred_at:instant!k
        location:text detail:text estimated_delivery_at:instant estimate_is_date_only:bool
    """,
    "returns": """
        return_id:text!k line_id:text!k status:text!kw occurred_at:instant!k quantity:units! order_id:text
        reason:text:p warehouse_id:text sku:text customer_id:text channel:text country:country
        credit_amount:money currency:currency
    """,
    "stock": """
        movement_id:text!k sku:text! warehouse_id:text! kind:text!w quantity:units! occurred_at:instant!
        unit_cost:money currency:currency reference:text
    """,
    "inbound": """
        po_id:text!k sku:text!k warehouse_id:text!k quantity:units! expected_at:instant! updated_at:instant!
        supplier:text unit_cost:money currency:currency
    """,
    "products": """
        sku:text!k updated_at:instant! name:text category:text brand:text kind:text:w unit_cost:money
        currency:currency lead_time_days:units supplier:text pack_size:units minimum_order_quantity:units
        is_active:bool
    """,
    "customers": """
        customer_id:text!k updated_at:instant! created_at:instant email:text:p name:text:p phone:text:p
        country:country region:text city:text birth_year:units gender:text marketing_consent:bool
        language:text customer_group:text:l
    """,
    "price_lists": """
        price_list_id:text!k sku:text!k currency:currency!k valid_from:date!k updated_at:instant! unit_price:money!
        valid_until:date customer_id:text customer_group:text:l min_quantity:units price_includes_tax:bool
        delivery_weekdays:text delivery_from:text delivery_until:text
    """,
    "fx_rates": "rate_date:date!k base:currency!k quote:currency!k rate:rate!",
    "carts": """
        cart_id:text!k sku:text!k status:text!kw occurred_at:instant!k customer_id:text quantity:units
        order_id:text campaign:text
    """,
    "feedback": """
        feedback_id:text!k occurred_at:instant! order_id:text customer_id:text channel:text score:number
        scale_max:number topic:text text:text:p
    """,
    "actions": """
        action_id:text!k order_id:text kind:text!w occurred_at:instant! actor:text! role:text! line_id:text
        warehouse_id:text subject_kind:text subject_id:text
        quantity:units promised_at:instant promise_is_date_only:bool tells_customer:bool assignee:text
        snoozed_until:date seen_version:text payload:text:p reason:text:p
    """,
    "campaign_members": """
        campaign_id:text!k customer_key:text!k assigned_at:instant! arm:text! attribution_days:units! purpose:text!
        channel:text! title:text template:text offer:text
    """,
    "suppressions": """
        suppression_id:text!k recipient:text! purpose:text! kind:text! occurred_at:instant! origin:text
    """,
}
# Values that the rules of a feed ask for.
OF_RULES = {
    "stock": {"kind": "adjustment"},
    "price_lists": {"delivery_weekdays": "Mon, 3", "delivery_from": "8:00", "delivery_until": "12:30"},
    "campaign_members": {"arm": "treated"},
    "suppressions": {"kind": "unsubscribed", "recipient": "0123456789abcdef" * 2},
}
VERSIONED = {"orders", "order_lines", "inbound", "products", "customers", "price_lists"}
GOOD = {
    "text": "x",
    "instant": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "money": "1.5",
    "number": "1",
    "rate": "1.1",
    "units": "1",
    "bool": "true",
    "currency": "EUR",
    "country": "DE",
}
BAD = {
    "instant": ("yesterday", "an_instant"),
    "date": ("yesterday", "a_date"),
    "money": ("1.50 €", "a_number"),
    "number": ("1e3", "a_number"),
    "rate": ("one", "a_number"),
    "units": ("1.5", "a_whole_number"),
    "bool": ("perhaps", "true_or_false"),
    "currency": ("EURO", "iso_4217"),
    "country": ("Atlantis", "iso_3166"),
}
SIGNED = {
    "order_lines.tax_amount",
    "payments.fee_amount",
    "payments.goods_amount",
    "payouts.amount",
    "payouts.fee_amount",
    "payments.tax_amount",
    "payments.shipping_amount",
    "stock.quantity",
    "feedback.score",
    "feedback.scale_max",
}
ABOVE_ZERO = {
    "shipments.quantity",
    "returns.quantity",
    "fx_rates.rate",
    "actions.quantity",
    "campaign_members.attribution_days",
}


def columns(feed: str) -> Iterator[tuple[str, str, str]]:
    """Return name, kind and marks of each column as the page lists them."""
    for item in COLUMNS[feed].split():
        name, _, rest = item.partition(":")
        kind = rest.split("!")[0].split(":")[0]
        yield name, kind, rest[len(kind) :].replace(":", "")


def good_row(feed: str) -> dict[str, str]:
    """Return an accepted row with every column."""
    return {name: GOOD[kind] for name, kind, _ in columns(feed)} | OF_RULES.get(feed, {})


def screened(feed: str, row: dict[str, str]) -> Screened:
    """Check one row against its contract."""
    frame = pl.DataFrame({**row, "_record": 1, "_part": 0}, schema_overrides=dict.fromkeys(row, pl.String()))
    return screen(feed, frame, Source(name="s", format="canonical", path=["x"]), shared_vault())


@cache
def shared_vault() -> Vault:
    """Return one vault in memory for all of these tests. A new one takes longer than a test."""
    return in_memory_vault()


def broken(feed: str, **changes: str) -> list[str]:
    """Return the rules that a good row breaks after these changes."""
    result = screened(feed, good_row(feed) | changes)
    return [rule for rules in result.quarantined["rules"] for rule in json.loads(rules)]


EVERY_COLUMN = [(feed, *column) for feed in COLUMNS for column in columns(feed)]


@pytest.mark.parametrize("feed", COLUMNS)
def test_a_feed_has_the_columns_of_its_page_and_no_others(feed: str) -> None:
    contract = CONTRACTS[feed]
    assert {name: kind_of(column) for name, column in contract.fields().items()} == {
        name: kind for name, kind, _ in columns(feed)
    }
    assert contract.shape == ("versioned" if feed in VERSIONED else "event")
    marked = {mark: [name for name, _, marks in columns(feed) if mark in marks] for mark in "!kpwl"}
    assert contract.required() == marked["!"]
    assert contract.key() == marked["k"]
    assert list(contract.personal()) == marked["p"]
    assert contract.enumerated() == marked["w"]
    assert set(contract.mapped()) == {*marked["w"], *marked["l"]}


@pytest.mark.parametrize("feed", COLUMNS)
def test_a_row_with_every_column_is_accepted_and_so_is_one_with_the_required_ones(feed: str) -> None:
    row = good_row(feed)
    for each in (row, {name: row[name] for name in {*CONTRACTS[feed].required(), *ENOUGH.get(feed, ())}}):
        result = screened(feed, each)
        assert result.quarantined.height == 0, result.quarantined["reasons"].to_list()
        assert result.accepted.height == 1


ENOUGH = {"tracking": ("shipment_id",), "returns": ("order_id",), "actions": ("order_id",)}


@pytest.mark.parametrize(("feed", "name", "kind", "marks"), EVERY_COLUMN)
def test_a_column_is_required_and_typed_as_its_page_says(feed: str, name: str, kind: str, marks: str) -> None:
    if "!" in marks:
        assert broken(feed, **{name: " "}) == [f"{name}|required"]
    else:
        assert broken(feed, **{name: ""}) in ([], ["credit_has_currency"])
    if kind in BAD:
        value, rule = BAD[kind]
        assert broken(feed, **{name: value}) == [f"{name}|{rule}"]


@pytest.mark.parametrize(
    ("feed", "name", "kind"),
    [(feed, name, kind) for feed, name, kind, _ in EVERY_COLUMN if kind in {"money", "number", "rate", "units"}],
)
def test_numbers_below_zero_are_taken_where_the_page_lets_them_be(feed: str, name: str, kind: str) -> None:
    column = f"{feed}.{name}"
    sign = f"{name}|above_zero" if column in ABOVE_ZERO else f"{name}|not_negative"
    assert broken(feed, **{name: "-1"}) == (NEGATIVE_BREAKS.get(column, []) if column in SIGNED else [sign])
    assert broken(feed, **{name: "0"}) == ([sign] if column in ABOVE_ZERO else ZERO_BREAKS.get(column, []))


# A line without units or price has nothing to discount or cancel. A scale that ends at 0 allows no score.
NEGATIVE_BREAKS = {"feedback.scale_max": ["score_on_scale"]}
ZERO_BREAKS = {
    "order_lines.quantity": ["discount_within_line", "cancelled_within_ordered"],
    "order_lines.unit_price": ["discount_within_line"],
    "feedback.scale_max": ["score_on_scale"],
}

BETWEEN_COLUMNS = [
    ("order_lines", {"discount_amount": "3", "quantity": "2", "unit_price": "1.5"}, []),
    ("order_lines", {"discount_amount": "3.0001", "quantity": "2", "unit_price": "1.5"}, ["discount_within_line"]),
    ("order_lines", {"cancelled_quantity": "2", "quantity": "2"}, []),
    ("order_lines", {"cancelled_quantity": "3", "quantity": "2"}, ["cancelled_within_ordered"]),
    ("order_lines", {"quantity": "999999999", "unit_price": "100"}, []),
    ("order_lines", {"quantity": "999999999", "unit_price": "101"}, ["worth_within_reach"]),
    ("stock", {"kind": "adjustment", "quantity": "-999999999", "unit_cost": "101"}, ["worth_within_reach"]),
    ("inbound", {"quantity": "999999999", "unit_cost": "101"}, ["worth_within_reach"]),
    ("tracking", {"shipment_id": "", "carrier": "ups", "tracking_number": "1"}, []),
    ("tracking", {"shipment_id": "", "carrier": "ups", "tracking_number": ""}, ["names_a_shipment"]),
    ("tracking", {"shipment_id": "", "carrier": "", "tracking_number": "1"}, ["names_a_shipment"]),
    ("actions", {"order_id": ""}, []),
    ("actions", {"order_id": "", "subject_id": ""}, ["has_a_subject"]),
    ("actions", {"order_id": "", "subject_kind": ""}, ["has_a_subject"]),
    ("returns", {"order_id": ""}, []),
    ("returns", {"order_id": "", "credit_amount": ""}, ["names_an_order_or_credit"]),
    ("returns", {"credit_amount": "5", "currency": ""}, ["credit_has_currency"]),
    ("returns", {"credit_amount": "", "currency": ""}, []),
    ("stock", {"kind": "adjustment", "quantity": "-5"}, []),
    ("stock", {"kind": "adjustment", "quantity": "0"}, []),
    ("stock", {"kind": "count", "quantity": "0"}, []),
    ("stock", {"kind": "Count", "quantity": "-1"}, ["count_not_negative"]),
    *[("stock", {"kind": kind, "quantity": "5"}, []) for kind in ("receipt", "transfer_in", "transfer_out")],
    *[("stock", {"kind": kind, "quantity": "0"}, ["moves_something"]) for kind in ("receipt", "transfer_in")],
    ("stock", {"kind": "TRANSFER_OUT", "quantity": "-5"}, ["moves_something"]),
    ("stock", {"kind": "a word of their own", "quantity": "-5"}, []),
    ("feedback", {"score": "5", "scale_max": "5"}, []),
    ("feedback", {"score": "5.1", "scale_max": "5"}, ["score_on_scale"]),
    ("feedback", {"score": "5.1", "scale_max": ""}, []),
    ("price_lists", {"valid_until": "2026-01-02"}, []),
    ("price_lists", {"valid_until": "2026-01-01"}, ["ends_after_it_begins"]),
    *[
        ("price_lists", {"delivery_weekdays": days}, [])
        for days in ("1,2,7", "mon tue", "Monday; THURSDAY", "sat", "wednesday,fri sunday")
    ],
    *[
        ("price_lists", {"delivery_weekdays": days}, ["weekdays_are_known"])
        for days in ("0", "8", "mon-fri", "montag", "mon,", "tuesdayfri")
    ],
    *[("price_lists", {"delivery_from": "", "delivery_until": time}, []) for time in ("0:00", "09:15:30", "23:59")],
    *[
        ("price_lists", {"delivery_from": "", "delivery_until": time}, ["times_are_times"])
        for time in ("24:00", "noon", "8", "12:60", "8:00 pm")
    ],
    ("price_lists", {"delivery_from": "8:00", "delivery_until": "08:00"}, []),
    ("price_lists", {"delivery_from": "8:01", "delivery_until": "08:00"}, ["hours_end_after_they_begin"]),
    ("price_lists", {"delivery_from": "noon", "delivery_until": ""}, ["times_are_times"]),
    ("fx_rates", {"rate": "0.00000001"}, []),
    ("fx_rates", {"rate": "0.000000001"}, ["rate|at_most_8_decimals"]),
]


@pytest.mark.parametrize(("feed", "changes", "rules"), BETWEEN_COLUMNS)
def test_rules_between_columns(feed: str, changes: dict[str, str], rules: list[str]) -> None:
    assert broken(feed, **changes) == rules


PAYLOADS = [
    ('{"line_id": "7", "quantity": 2, "promised_at": "2026-03-01T12:00:00+01:00"}', ("7", 2, "2026-03-01 11:00:00")),
    ('{"line_id": 7}', ("7", None, None)),
    ('{"line_id": "Ann Example, 5 Elm Street", "quantity": "three", "promised_at": "soon"}', (None, None, None)),
    ('{"line_id": {"a": 1}, "quantity": -1, "promised_at": "2026-02-30T00:00:00Z"}', (None, None, None)),
    ("not json at all", (None, None, None)),
    ("[1, 2]", (None, None, None)),
    ('{"quantity": 99999999999999999999}', (None, None, None)),
]


@pytest.mark.parametrize(("payload", "parts"), PAYLOADS)
def test_an_action_takes_from_its_payload_what_is_nobodys_and_seals_the_rest(
    payload: str, parts: tuple[str | None, int | None, str | None]
) -> None:
    row = good_row("actions") | {"payload": payload, "line_id": "", "quantity": "", "promised_at": ""}
    row |= {"promise_is_date_only": ""}
    result = screened("actions", row)
    assert result.quarantined.height == 0
    (found,) = result.accepted.select(
        "line_id", "quantity", pl.col("promised_at").cast(pl.String).str.slice(0, 19)
    ).rows()
    assert found == parts
    assert "payload" not in result.accepted.columns
    assert not any(payload in str(value) for value in result.accepted.row(0))


def test_what_an_action_says_in_its_columns_goes_before_its_payload() -> None:
    row = good_row("actions") | {"payload": '{"line_id": "7", "quantity": 2}', "line_id": "9", "quantity": ""}
    (found,) = screened("actions", row).accepted.select("line_id", "quantity").rows()
    assert found == ("9", 2)
