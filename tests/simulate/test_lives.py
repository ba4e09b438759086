"""Tests that lives of orders are consistent, for any caller and any cut in time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from orderhouse.simulate import SimulationOptions
from orderhouse.simulate.calendar import NEVER, Calendar
from orderhouse.simulate.catalogue import Catalogue
from orderhouse.simulate.draws import Draws
from orderhouse.simulate.life import Lives, live
from orderhouse.simulate.payment_book import KINDS
from orderhouse.simulate.simulation import ORDER_FEEDS

_ORDERS = 20_000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """Return the catalogue of a world of 20,000 orders."""
    return Catalogue.of(Draws(4), Calendar.of(SimulationOptions(_ORDERS, 4, Path("nowhere"))))


@pytest.fixture(scope="module")
def lives(catalogue: Catalogue) -> Lives:
    """Return all lives of that world."""
    return live(np.arange(_ORDERS, dtype=np.int64), catalogue)


def test_an_order_lives_the_same_life_in_other_company(catalogue: Catalogue, lives: Lives) -> None:
    alone = live(np.array([17, 5_003, 19_999], dtype=np.int64), catalogue)
    for name in ("orders", "order_lines", "payments", "shipments", "tracking", "returns"):
        every, few = ORDER_FEEDS[name](lives, catalogue), ORDER_FEEDS[name](alone, catalogue)
        key = "order_id" if "order_id" in every.columns else "tracking_number"
        same = every.filter(pl.col(key).is_in(few[key].implode()))
        assert sorted(same.rows(), key=repr) == sorted(few.rows(), key=repr), name


def test_cutting_time_anywhere_sends_every_record_once(catalogue: Catalogue, lives: Lives) -> None:
    instant = int(lives.payments.occurred_at[100])
    assert instant < catalogue.calendar.until
    before = replace(catalogue, calendar=replace(catalogue.calendar, until=instant))
    after = replace(catalogue, calendar=replace(catalogue.calendar, since=instant))
    for name, build in ORDER_FEEDS.items():
        parts = pl.concat([build(lives, before), build(lives, after)])
        assert parts.sort(pl.all()).equals(build(lives, catalogue).sort(pl.all())), name


def test_nobody_gets_back_more_than_was_paid(lives: Lives) -> None:
    totals = {}
    for kind in ("captured", "refunded"):
        chosen = lives.payments.kind == KINDS.index(kind)
        totals[kind] = np.zeros(_ORDERS, dtype=np.int64)
        np.add.at(totals[kind], lives.payments.order[chosen], lives.payments.amount[chosen])
    assert (totals["refunded"] > 0).sum() > 1_000
    assert (totals["refunded"] <= totals["captured"]).all()


def test_everything_happens_after_the_order_was_placed(lives: Lives) -> None:
    placed, payments = lives.orders.placed_at, lives.payments
    assert (np.diff(placed) >= 0).all()
    assert (payments.occurred_at > placed[payments.order]).all()
    parcels = lives.fulfilment.shipments
    assert (parcels.shipped_at > placed[parcels.order]).all()
    for end in (parcels.delivered_at, parcels.lost_at, parcels.sent_back_at, parcels.recalled_at):
        assert (end > parcels.shipped_at).all()
    returns = lives.returns
    assert (returns.received_at >= returns.requested_at).all()
    assert (returns.processed_at >= returns.received_at)[returns.received_at < NEVER].all()


def test_cancelled_orders_do_not_ship_afterwards(lives: Lives) -> None:
    parcels = lives.fulfilment.shipments
    assert (parcels.shipped_at < lives.fulfilment.handling.cancelled_at[parcels.order]).all()
