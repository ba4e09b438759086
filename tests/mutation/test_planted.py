"""Planted faults: small mistakes in definitions that the checks must notice, each in a chaotic world."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.running import run_orderhouse
from tests.mutation.campaign import CAUGHT, UNREACHED, World
from tests.mutation.compiled import Project, compiled_project
from tests.mutation.mutants import Query
from tests.oracle.chaos import AS_OF, write_chaos

# Model, a piece of its query, and the piece with a mistake.
PLANTED = (
    ("stg_orders", "coalesce(versions.shipping_amount, cast(0 as ", "coalesce(versions.shipping_amount, cast(1 as "),
    ("int_order_states", "due.due_amount - due.tolerance_amount", "due.due_amount + due.tolerance_amount"),
    (
        "int_order_states",
        "settled.shipped_quantity = 0 then 'cancelled'",
        "settled.shipped_quantity > 0 then 'cancelled'",
    ),
    ("int_order_lines", "delivered_at > with_returned_value.first", "delivered_at < with_returned_value.first"),
    ("int_customer_totals", "min(orders.placed_at) as first_order_at", "max(orders.placed_at) as first_order_at"),
    ("int_line_allocations", "sum(on_hand.allocatable_quantity)", "max(on_hand.allocatable_quantity)"),
    ("int_stock_daily", "partition by days.sku, days.warehouse_id", "partition by days.sku"),
    ("int_stock_daily", "movements.kind = 'restock'", "movements.kind <> 'restock'"),
    ("fct_inventory_positions", "measured.demand_per_day_90d <= 0", "measured.demand_per_day_90d > 0"),
    ("dim_products", "where position_level = 'network'", "where true"),
    ("fct_orders", "clock.as_of > orders.unpaid_at", "clock.as_of < orders.unpaid_at"),
    ("int_stock_daily", "movements.kind = 'receipt'", "movements.kind <> 'receipt'"),
    ("int_customer_orders", "recognition_clock = 'placed'", "recognition_clock = 'paid'"),
    ("fct_revenue_daily", "_sales_amount - revenue_daily.discounts", "_sales_amount + revenue_daily.discounts"),
    ("fct_returns", "gross_amount - return_states.returned_disc", "gross_amount + return_states.returned_disc"),
    ("int_journal", "posted.amount > 0 then 0", "posted.amount < 0 then 0"),
    ("fct_order_timeline", "partition by events.order_id", "partition by events.event_rank"),
    ("fct_kpi_distribution", "durations.warehouse is not null", "durations.warehouse is null"),
    ("int_exceptions", "by raised.subject_type, raised.subject_id, raised.code", "by raised.subject_type"),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Project]:
    """Return a built home of a chaotic world and its compiled project."""
    home = tmp_path_factory.mktemp("planted")
    sources = write_chaos(home / "worlds", range(2))
    run_orderhouse("ingest", "--sources", str(sources), home=home)
    run_orderhouse("build", "--sources", str(sources), "--as-of", AS_OF, home=home)
    return home, compiled_project(home, with_unit_tests=False)


@pytest.fixture(scope="module")
def world(project: tuple[Path, Project]) -> World:
    """Return the derived world with its checks."""
    home, compiled = project
    return World(home, compiled)


@pytest.mark.parametrize(("model", "piece", "mistake"), PLANTED)
def test_a_planted_mistake_is_noticed(world: World, model: str, piece: str, mistake: str) -> None:
    query = world.derived.project.models[model].sql
    assert piece in query
    result, _ = world.judge(model, query.replace(piece, mistake))
    assert result in CAUGHT


@pytest.mark.parametrize("name", ["int_order_events", "int_order_states", "int_refunds_assigned", "int_kpi_daily"])
def test_a_query_gives_the_same_table_after_parsing_and_writing(world: World, name: str) -> None:
    query = Query(world.derived.project.models[name].sql)
    with world.derived.undone():
        assert not list(world.derived.change(name, query.text()))


def test_a_query_that_is_not_changed_is_noticed_by_nothing(world: World) -> None:
    assert world.judge("int_order_lines", world.derived.project.models["int_order_lines"].sql) == (UNREACHED, "")
