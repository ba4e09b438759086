"""Tests of quarantined rows that are repaired, replayed or discarded. Everything can still be queried afterwards."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl
import pytest
from orderhouse.errors import OrderhouseError
from orderhouse.ingest.superseding import create_superseded_tables, is_live
from orderhouse.transform.fingerprint import REPLACED
from orderhouse.vault.vault import open_vault

from tests.ingest.landing import LINES_HEADER, ORDERS_HEADER, Landing, line, order
from tests.properties.killing import kill
from tests.repair.mending import Mending

BROKEN = ORDERS_HEADER + order(1) + order(2, "EURO") + "o3,x\n" + order(4, "EURO")


@pytest.fixture
def mending(landing: Landing) -> Mending:
    """Return a landing whose second and fourth order have a bad currency and whose third is cut off."""
    landing.write("feeds/orders.csv", BROKEN)
    landing.ingest()
    return Mending(landing.settings)


def live_orders(landing: Landing) -> list[tuple[object, ...]]:
    """Return id, currency and record of the live orders."""
    with Mending(landing.settings).opened() as (raw, _):
        create_superseded_tables(raw)
        return raw.execute(
            f"select order_id, currency, _record from raw.orders where {is_live('orders')} order by all"
        ).fetchall()


def test_a_repaired_row_goes_into_its_feed_with_the_place_it_came_from(landing: Landing, mending: Mending) -> None:
    result = mending.repair(3, {"currency": "EUR"})
    assert [(row.place, row.outcome) for row in result.rows] == [("feeds/orders.csv:3", "accepted")]
    lineage = "_file_id, _record, _source, _mapping_version, _batch_id"
    (loaded, repaired) = landing.query(f"select {lineage}, email_token from raw.orders order by _record")
    assert repaired[:5] == (loaded[0], 3, loaded[2], loaded[3], 3)
    with open_vault(landing.settings) as vault:
        assert vault.reveal([repaired[5]]) == {repaired[5]: "person2@example.com"}
    assert mending.states() == [(3, "repaired"), (4, "open"), (5, "open")]


def test_the_row_as_received_and_every_decision_stay(landing: Landing, mending: Mending) -> None:
    before = landing.query("select * from raw.quarantine order by all")
    mending.repair(3, {"currency": "EUR"})
    assert landing.query("select * from raw.quarantine order by all") == before
    said = landing.query("select kind, record, fields, fields_before, why, made_by from raw.repairs")
    assert said == [("patch", 3, '{"currency": "EUR"}', '{"currency": "EURO"}', "the shop said so", "ada")]


def test_replaying_twice_changes_nothing(landing: Landing, mending: Mending) -> None:
    mending.repair(3, {"currency": "EUR"})
    mending.repair(5, {"currency": "bad"})
    everything = "select (select count(*) from raw.{}) from range(1)"
    tables = ("orders", "repairs", "replays", "batches", "quarantine")
    before = [landing.query(everything.format(table)) for table in tables]
    assert mending.replay(None).batch_id is None
    assert landing.ingest().batch_id is None
    assert [landing.query(everything.format(table)) for table in tables] == before


def test_a_patch_that_still_breaks_a_rule_leaves_the_row_with_its_new_reason(mending: Mending) -> None:
    result = mending.repair(3, {"currency": "EUROS"})
    assert [row.reasons for row in result.rows] == ["currency 'EUROS' is not an ISO-4217 currency"]
    (row,) = mending.rows("patch_failed")
    assert row["record"] == 3 and "EUROS" in row["reasons"]


def test_an_unreadable_record_is_repaired_by_giving_its_fields_and_a_second_patch_adds_to_the_first(
    landing: Landing, mending: Mending
) -> None:
    instant = "2026-01-02T03:04:05Z"
    first = mending.repair(4, {"order_id": "o3", "placed_at": instant, "currency": "EUR", "email": "c@example.com"})
    assert [row.reasons for row in first.rows] == ["updated_at is missing"]
    mending.repair(4, {"updated_at": instant})
    ((order_id, currency, token),) = landing.query(
        "select order_id, currency, email_token from raw.orders where _record = 4"
    )
    assert (order_id, currency) == ("o3", "EUR")
    with open_vault(landing.settings) as vault:
        assert vault.reveal([token]) == {token: "c@example.com"}
    patches = " ".join(fields for (fields,) in landing.query("select fields from raw.repairs"))
    assert "example.com" not in patches and '"email_token"' in patches


def test_a_patch_may_empty_a_field(landing: Landing, mending: Mending) -> None:
    mending.repair(3, {"currency": "EUR", "email": ""})
    assert landing.query("select email_token from raw.orders where _record = 3") == [(None,)]


def test_constants_and_the_order_number_prefix_hold_for_repaired_records_too(landing: Landing) -> None:
    landing.declare(
        "sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    order_id_prefix: W-\n"
        "    constants: {channel: web}\n"
    )
    landing.write("feeds/orders.csv", BROKEN)
    landing.ingest()
    mending = Mending(landing.settings)
    instant = "2026-01-02T03:04:05Z"
    mending.patch(4, {"order_id": "o3", "placed_at": instant, "updated_at": instant, "currency": "EUR"})
    mending.repair(3, {"currency": "EUR"})
    assert landing.query("select order_id, channel from raw.orders order by 1") == [
        ("W-o1", "web"),
        ("W-o2", "web"),
        ("W-o3", "web"),
    ]


def test_a_repair_of_a_repair_takes_its_place(landing: Landing, mending: Mending) -> None:
    mending.repair(3, {"currency": "EUR"})
    assert landing.query(REPLACED) == []
    mending.repair(3, {"currency": "USD"})
    assert live_orders(landing) == [("o1", "EUR", 2), ("o2", "USD", 3)]
    assert len(landing.query(REPLACED)) == 1, "tables that have the first repair are built anew"


def test_a_repair_that_is_taken_back_leaves_the_feed_as_it_was(landing: Landing, mending: Mending) -> None:
    repair_id = mending.patch(3, {"currency": "EUR"})
    mending.replay()
    result = mending.take_back(repair_id[:8])
    assert [row.outcome for row in result.rows] == ["withdrawn"]
    assert live_orders(landing) == [("o1", "EUR", 2)]
    assert mending.states()[0] == (3, "open")
    with pytest.raises(OrderhouseError, match="is not in force"):
        mending.take_back(repair_id)


def test_a_discarded_row_stays_visible_and_out_and_a_reason_is_compulsory(landing: Landing, mending: Mending) -> None:
    with pytest.raises(OrderhouseError, match="The decision has no reason"):
        mending.discard(3, why=" ")
    mending.repair(3, {"currency": "EUR"})
    mending.discard(3)
    assert mending.states()[0] == (3, "discarded")
    assert live_orders(landing) == [("o1", "EUR", 2)]
    mending.repair(3, {"currency": "EUR"})
    assert live_orders(landing) == [("o1", "EUR", 2), ("o2", "EUR", 3)]


def test_a_patch_that_was_only_noted_is_carried_out_by_the_next_ingest(landing: Landing, mending: Mending) -> None:
    mending.patch(3, {"currency": "EUR"})
    assert mending.states()[0] == (3, "patched")
    assert "Replayed 1 repaired row: it is in its feed." in landing.ingest().notes
    assert mending.states()[0] == (3, "repaired")


@pytest.mark.parametrize("moment", ["replay_after_vault", "replay_before_commit", "replay_after_commit"])
def test_a_replay_killed_at_any_moment_ends_as_if_it_had_not_been(
    landing: Landing, mending: Mending, moment: str
) -> None:
    mending.patch(3, {"currency": "EUR"})
    kill("ingest", "--sources", str(landing.sources_file), home=landing.settings.home, fault=moment)
    landing.ingest()
    assert live_orders(landing) == [("o1", "EUR", 2), ("o2", "EUR", 3)]
    assert landing.query("select count(*) from raw.replays") == [(1,)]


def test_a_repaired_row_that_is_there_already_is_a_duplicate(landing: Landing, mending: Mending) -> None:
    landing.write("feeds/orders-again.csv", ORDERS_HEADER + order(2))
    landing.ingest()
    assert [row.outcome for row in mending.repair(3, {"currency": "EUR"}).rows] == ["duplicate"]


def test_rows_are_looked_at_again_when_their_contract_may_have_changed(landing: Landing, mending: Mending) -> None:
    with mending.opened() as (raw, _):
        raw.execute("update raw.quarantine set row_json = replace(row_json, 'EURO', 'CHF') where record = 3")
    assert mending.replay().rows == [], "only when asked"
    assert [row.outcome for row in mending.replay(None).rows] == ["accepted"]
    assert mending.states()[0] == (3, "repaired")


def test_each_of_several_rows_of_one_record_is_repaired_on_its_own(landing: Landing, mending: Mending) -> None:
    with mending.opened() as (raw, _):
        raw.execute(
            "insert into raw.quarantine select * replace ('twin' as quarantine_id, replace(row_json, 'o2', 'o9') "
            "as row_json) from raw.quarantine where record = 3"
        )
        raw.execute("update raw.quarantine set record = 3 where record = 5")
    first, second, third = (row["quarantine_id"] for row in mending.rows() if row["record"] == 3)
    for one in (first, second, third):
        mending.patch_one(one, {"currency": "EUR"})
        mending.replay()
    assert [order_id for order_id, _, record in live_orders(landing) if record == 3] == ["o2", "o4", "o9"]
    ((repair_id,),) = landing.query("select repair_id from raw.repairs where quarantine_id = $id", id=first)
    mending.take_back(repair_id)
    assert len([row for row in live_orders(landing) if row[2] == 3]) == 2


def test_a_value_with_a_zone_of_its_own_is_repaired_to_the_same_instant(landing: Landing) -> None:
    """A Parquet file may bring instants that are UTC without saying so in text."""
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    time_zone: America/New_York\n")
    instant = datetime(2026, 1, 2, 3, 4, 5)
    frame = pl.DataFrame(
        {"order_id": ["a", "b"], "placed_at": [instant] * 2, "updated_at": [instant] * 2, "currency": ["EUR", "EURO"]},
        schema_overrides={"placed_at": pl.Datetime("us"), "updated_at": pl.Datetime("us")},
    )
    (landing.folder / "feeds").mkdir()
    frame.write_parquet(landing.folder / "feeds" / "orders.parquet")
    landing.ingest()
    Mending(landing.settings).repair(2, {"currency": "EUR"})
    ((good, repaired),) = landing.query("select min(placed_at), max(placed_at) from raw.orders")
    assert good == repaired


def test_a_value_erased_from_the_vault_keeps_its_row_out_until_it_is_given(landing: Landing) -> None:
    landing.write("feeds/orders.csv", ORDERS_HEADER + order(1, placed="some time on friday or so"))
    landing.ingest()
    mending = Mending(landing.settings)
    (row,) = mending.rows()
    with mending.opened() as (_, vault):
        vault.erase([json.loads(row["row_json"])["placed_at_token"]])
    assert [each.reasons for each in mending.repair(2, {"currency": "USD"}).rows] == [
        "placed_at is no longer in the vault"
    ]
    assert [each.outcome for each in mending.repair(2, {"placed_at": "2026-01-02T03:04:05Z"}).rows] == ["accepted"]


def test_wrong_repairs_are_refused_with_a_sentence(landing: Landing, mending: Mending) -> None:
    with pytest.raises(OrderhouseError, match="orders has no column 'curency'. Did you mean currency"):
        mending.patch(3, {"curency": "EUR"})
    with pytest.raises(OrderhouseError, match="There is no repair 'r12'"):
        mending.take_back("r12")
    assert landing.query("select count(*) from raw.repairs") == [(0,)]


REMAPPED = """
sources:
  shop:
    format: canonical
    path: feeds/*
    columns: {column}
"""


def test_a_file_read_again_under_another_mapping_gets_its_repairs_again(landing: Landing) -> None:
    header = LINES_HEADER.replace("discount_amount", "discount")
    landing.write("feeds/order_lines.csv", header + line(1) + line(2, quantity="many") + line(3, quantity="few"))
    landing.ingest()
    mending = Mending(landing.settings)
    mending.repair(3, {"quantity": "2"})
    mending.discard(4)
    # the mapping names a column that no quarantined row has, so these read as before
    landing.declare(REMAPPED.format(column="{nothing: channel}"))
    notes = landing.ingest().notes
    assert "Replayed 1 repaired row: it is in its feed." in notes
    states = [(row["record"], row["state"]) for row in mending.rows("repaired", "discarded", "open")]
    assert states == [(3, "repaired"), (4, "discarded")]
    with mending.opened() as (raw, _):
        create_superseded_tables(raw)
        live = raw.execute(f"select _record, quantity from raw.order_lines where {is_live('order_lines')} order by 1")
        assert live.fetchall() == [(2, 1), (3, 2)]
    # now the mapping gives the rows a discount: they read differently
    landing.declare(REMAPPED.format(column="{discount: discount_amount}"))
    (note,) = [each for each in landing.ingest().notes if "no longer applies" in each]
    assert "feeds/order_lines.csv:3" in note and "by ada" in note
    assert [row["record"] for row in mending.rows("open")] == [3, 4]
    assert not [each for each in landing.ingest().notes if "no longer" in each], "it is said once"


def test_a_repair_that_the_new_mapping_makes_needless_says_so(landing: Landing) -> None:
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    columns: {amount: quantity}\n")
    header = LINES_HEADER.replace("quantity", "amount").replace("discount_amount", "units")
    landing.write("feeds/order_lines.csv", header + line(1, quantity="many", discount="1"))
    landing.ingest()
    mending = Mending(landing.settings)
    mending.repair(2, {"quantity": "2"})
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    columns: {units: quantity}\n")
    assert [each for each in landing.ingest().notes if "is no longer needed" in each]
    with mending.opened() as (raw, _):
        create_superseded_tables(raw)
        live = raw.execute(f"select quantity from raw.order_lines where {is_live('order_lines')}").fetchall()
    assert live == [(1,)]


def test_a_repair_waits_while_the_mapping_has_changed_and_nothing_was_read_again(
    landing: Landing, mending: Mending
) -> None:
    mending.patch(3, {"currency": "EUR"})
    landing.declare("sources:\n  shop:\n    format: canonical\n    path: feeds/*\n    time_zone: Europe/Berlin\n")
    result = mending.replay()
    assert result.batch_id is None and "Run `orderhouse ingest` to reread the file" in result.notes[0]
