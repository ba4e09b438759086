"""Tests that feeds keep the contracts: known columns, required values, unique keys, vocabulary, no late rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml
from orderhouse.contracts import CONTRACTS
from orderhouse.simulate import FEEDS

from tests.sent import SENT
from tests.simulate.worlds import feed, money

_END = "2026-06-30T22:00:00Z"

# Payouts and price lists are written only if the simulation is asked for them: `test_payouts.py`, `test_prices.py`.
_SIMULATED = sorted(set(SENT) - {"payouts", "price_lists"})


def test_every_feed_of_the_contracts_but_payouts_is_simulated() -> None:
    assert sorted(FEEDS) == _SIMULATED


@pytest.mark.parametrize("name", _SIMULATED)
def test_columns_are_the_contracts(tidy_world: Path, name: str) -> None:
    frame, contract = feed(tidy_world, name), CONTRACTS[name]
    assert set(frame.columns) <= set(contract.fields())
    assert set(contract.required()) <= set(frame.columns)
    assert frame.select(contract.required()).null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize("name", _SIMULATED)
def test_keys_are_unique(tidy_world: Path, name: str) -> None:
    frame, contract = feed(tidy_world, name), CONTRACTS[name]
    key = [*contract.key(), *(["updated_at"] if contract.shape == "versioned" else [])]
    if name == "tracking":
        key = ["shipment_id", "carrier", "tracking_number", "status", "occurred_at"]
    assert frame.select(key).is_duplicated().sum() == 0


@pytest.mark.parametrize("name", [each for each in _SIMULATED if each != "fx_rates"])
def test_nothing_is_known_after_the_end(tidy_world: Path, name: str) -> None:
    clock = {"orders": "updated_at", "order_lines": "updated_at", "shipments": "shipped_at"}
    column = clock.get(name, "updated_at" if name in ("inbound", "products", "customers") else "occurred_at")
    assert feed(tidy_world, name).get_column(column).max() <= _END  # type: ignore[operator]


def test_discounts_never_exceed_the_line(tidy_world: Path) -> None:
    lines = feed(tidy_world, "order_lines")
    gross = money("unit_price") * pl.col("quantity").cast(pl.Int64)
    assert lines.filter(money("discount_amount") > gross).is_empty()
    assert lines.filter(pl.col("cancelled_quantity").cast(pl.Int64) > pl.col("quantity").cast(pl.Int64)).is_empty()


def test_yen_have_no_fraction(tidy_world: Path) -> None:
    yen = feed(tidy_world, "payments").filter(pl.col("currency") == "JPY").get_column("amount")
    assert len(yen) > 0
    assert yen.str.ends_with(".00").all()


def test_every_currency_has_a_rate_on_every_day(tidy_world: Path) -> None:
    rates = feed(tidy_world, "fx_rates")
    used = set(feed(tidy_world, "orders").get_column("currency")) - {"EUR"}
    assert set(rates.get_column("quote")) >= used
    assert rates.group_by("quote").agg(pl.col("rate_date").n_unique()).get_column("rate_date").unique().len() == 1
    assert rates.get_column("rate_date").max() == "2026-06-30"


def test_the_world_has_what_a_merchant_has(tidy_world: Path) -> None:
    orders, payments = feed(tidy_world, "orders"), feed(tidy_world, "payments")
    assert set(payments.get_column("kind")) == {
        *("authorized", "captured", "voided", "failed", "refunded", "disputed", "dispute_won", "dispute_lost")
    }
    assert set(orders.get_column("payment_terms")) == {"prepaid", "on_delivery", "invoice"}
    assert set(orders.get_column("channel")) == {"web", "app", "marketplace", "store", "b2b"}
    assert set(orders.get_column("is_test")) == {"true", "false"}
    assert orders.get_column("customer_id").null_count() > 0
    assert orders.get_column("original_order_id").drop_nulls().len() > 0
    customers = orders.unique("order_id").get_column("customer_id").drop_nulls()
    assert customers.len() > 1.5 * customers.n_unique(), "customers come back"
    assert set(feed(tidy_world, "stock").get_column("kind")) == {
        *("receipt", "adjustment", "transfer_in", "transfer_out", "count")
    }
    parcels = feed(tidy_world, "shipments").group_by("order_id").agg(pl.col("shipment_id").n_unique())
    assert parcels.filter(pl.col("shipment_id") > 1).height > 0
    scans = set(feed(tidy_world, "tracking").get_column("status"))
    assert {"lost", "returned", "cancelled", "attempt_failed", "delivered"} <= scans


def test_sources_file_reaches_the_feeds_and_not_the_truth(tidy_world: Path) -> None:
    source = yaml.safe_load((tidy_world / "sources.yaml").read_text(encoding="utf-8"))["sources"]["simulated"]
    found = {path.name for path in tidy_world.glob(source["path"])}
    assert found == {path.name for path in tidy_world.iterdir() if path.suffix == ".csv"}
    assert sorted(source["covers"]) == _SIMULATED
