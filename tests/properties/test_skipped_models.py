"""Tests that skipped models would have stayed as they are: small deliveries leave the tables of a full rebuild.

Deliveries of one feed leave the inputs of many models alone, which the batches of `test_incremental_builds` do not.
"""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from orderhouse.receive import receive
from orderhouse.settings import Settings, load_settings
from orderhouse.simulate import simulate
from orderhouse.simulate.options import Mess
from orderhouse.transform import BuildResult, build
from orderhouse.transform.statements import kept_statements

from tests.integration.running import keep_parsed_project, share_parsed_project
from tests.properties.rebuilding import tables_that_differ
from tests.properties.thoroughness import times
from tests.sent import SENT

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
HELD = 6


@dataclass
class Shop:
    """Home, its landing folder, and the rows of each feed that have not been delivered."""

    settings: Settings
    landing: Path
    held: dict[str, pl.DataFrame]
    as_of: datetime = AS_OF
    number: int = 0

    def deliver(self, feed: str, rows: pl.DataFrame | None = None) -> BuildResult:
        """Deliver rows of one feed, by default one that is held, and build."""
        if rows is None:
            rows, self.held[feed] = self.held[feed].head(1), self.held[feed].tail(-1)
        self.number += 1
        rows.write_csv(self.landing / f"{feed}-later-{self.number}.csv")
        receive(self.settings)
        return self.build()

    def build(self) -> BuildResult:
        """Build at the present clock."""
        return build(self.settings, as_of=self.as_of.isoformat())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a home of a small world without some rows of each feed, whose tables have versions."""
    folder = tmp_path_factory.mktemp("first")
    landing = folder / "landing"
    simulate(orders=200, seed=17, to=landing, mess=Mess.light(), price_lists=True)
    chance, held = random.Random(17), {}  # noqa: S311
    for file in sorted(landing.glob("*.csv")):
        feed = file.stem.rpartition("-")[0]
        rows = pl.read_csv(file, infer_schema=False)
        if feed not in held and rows.height > HELD:
            late = pl.Series(chance.sample([True] * HELD + [False] * (rows.height - HELD), rows.height))
            held[feed] = rows.filter(late)
            rows.filter(~late).write_csv(file)
    assert {"carts", "feedback", "orders", "payments", "stock"} <= held.keys()
    shop = Shop(load_settings(home=folder / "home", sources=landing / "sources.yaml"), landing, held)
    share_parsed_project(shop.settings.home)
    receive(shop.settings)
    shop.build()
    for _ in range(2):  # the first one after a full build has other touched keys, and computes all that reads them
        shop.deliver("carts")
    keep_parsed_project(shop.settings.home)
    return shop


def copied(shop: Shop, to: Path) -> Shop:
    """Return a copy of a home and its landing folder."""
    shutil.copytree(shop.settings.home, to / "home")
    shutil.copytree(shop.landing, to / "landing")
    made = load_settings(home=to / "home", sources=to / "landing" / "sources.yaml")
    return Shop(made, to / "landing", dict(shop.held), shop.as_of, shop.number)


steps = st.lists(
    st.sampled_from([*SENT, "the clock"]),
    min_size=times(4, many=6),
    max_size=times(4, many=6),
)


@settings(
    max_examples=times(1, many=40),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(drawn=steps, hours=st.sampled_from([1, 30, 400]))
def test_deliveries_of_single_feeds_leave_the_tables_of_a_full_rebuild(
    first: Shop, tmp_path_factory: pytest.TempPathFactory, drawn: list[str], hours: int
) -> None:
    shop = copied(first, tmp_path_factory.mktemp("shop"))
    for step in drawn:
        if step == "the clock":
            shop.as_of += timedelta(hours=hours)
        result = shop.deliver(step) if step in shop.held else shop.build()
        assert tables_that_differ(shop.settings) == [], f"after {step} of {drawn}, {len(result.skipped)} skipped"


# For each kind of delivery, tables that read something of it and tables that read nothing of it.
TOUCHED = {
    "carts": (
        ["staging/stg_carts", "marts/fct_carts"],
        ["staging/stg_orders", "intermediate/int_stock_on_hand", "intermediate/int_payment_ledger"],
    ),
    "feedback": (
        ["staging/stg_feedback", "marts/fct_feedback"],
        ["staging/stg_stock", "staging/stg_payments", "intermediate/int_sku_costs", "marts/fct_forecast"],
    ),
    "payments": (
        ["staging/stg_payments", "intermediate/int_payment_ledger", "intermediate/int_order_states"],
        ["staging/stg_stock", "staging/stg_returns", "intermediate/int_return_lines", "intermediate/int_sku_costs"],
    ),
    "orders": (
        ["staging/stg_orders", "intermediate/int_orders", "intermediate/int_order_states"],
        ["staging/stg_stock", "staging/stg_inbound", "intermediate/int_sku_costs", "intermediate/int_return_lines"],
    ),
    "stock": (
        ["staging/stg_stock", "intermediate/int_stock_movements", "intermediate/int_stock_on_hand"],
        ["staging/stg_orders", "intermediate/int_payment_ledger", "intermediate/int_order_payments"],
    ),
}


@pytest.mark.parametrize("feed", TOUCHED)
def test_a_delivery_computes_what_reads_it_and_skips_what_does_not(first: Shop, tmp_path: Path, feed: str) -> None:
    shop = copied(first, tmp_path)
    result = shop.deliver(feed)
    read, unread = TOUCHED[feed]
    assert set(read) <= result.seconds.keys() and set(unread) <= set(result.skipped)
    kept = kept_statements(shop.settings, result.record, "increment")
    assert kept is not None
    assert sorted([*result.seconds, *result.skipped]) == sorted(f"{model.schema}/{model.name}" for model in kept.models)
    assert tables_that_differ(shop.settings) == []


def test_nothing_new_computes_nothing_and_a_later_clock_what_reads_it(first: Shop, tmp_path: Path) -> None:
    shop = copied(first, tmp_path)
    assert not shop.build().changed
    shop.as_of += timedelta(hours=1)
    result = shop.build()
    assert {"marts/as_of", "quality/freshness"} <= result.seconds.keys() and len(result.seconds) < 40
    assert tables_that_differ(shop.settings) == []


def test_statements_read_no_table_that_no_input_stands_for(first: Shop, tmp_path: Path) -> None:
    """A table that is read, also through views, and is no input would let a model be skipped while it changes."""
    shop = copied(first, tmp_path)
    kept = kept_statements(shop.settings, shop.deliver("carts").record, "increment")
    assert kept is not None
    stored = {f"{model.schema}.{model.name}": model.unique_id for model in kept.models}
    with duckdb.connect(str(shop.settings.warehouse_db), read_only=True) as warehouse:
        views = dict(
            warehouse.execute(
                "select schema_name || '.' || view_name, sql from duckdb_views() where not internal"
            ).fetchall()
        )
    through_views = 0
    for model in kept.models:
        text, seen = " ".join(model.statements), set[str]()
        while behind := {name for name in places(text) & views.keys() if name not in seen}:
            seen |= behind
            text += " ".join(views[name] for name in behind)
        read = {stored[name] for name in places(text) & stored.keys()} - {model.unique_id}
        assert read <= set(model.reads), model.name
        through_views += bool(seen)
    assert through_views > 5


def places(text: str) -> set[str]:
    """Return everything in a text that may be a table or view with its schema."""
    return set(re.findall(r"(?=\b(\w+\.\w+)\b)", text.replace('"', "")))
