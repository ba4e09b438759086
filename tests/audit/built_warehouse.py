"""Small built warehouse for the audit, and a small dbt project with tests over it."""

from __future__ import annotations

from pathlib import Path

import duckdb
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, save_record
from orderhouse.storage.warehouse import open_raw

__all__ = ["BUILD_ID", "make_built", "make_project", "plant"]

BUILD_ID = "b" * 32

TABLES = """
    create schema marts;
    create schema quality;
    create table marts.as_of as
    select timestamp '2026-04-01 12:00:00' as as_of, date '2026-04-01' as business_date;
    create table marts.fct_orders as
    select
        'O-' || i as order_id,
        date '2026-04-01' - (i % 90)::integer as placed_date,
        'EUR' as currency,
        'confirmed' as order_status,
        'paid' as payment_status,
        'unfulfilled' as fulfilment_status,
        'none' as delivery_status,
        'none' as return_status,
        'ready_to_ship' as stage,
        2::bigint as ordered_quantity,
        20.00::decimal(18, 4) as net_amount
    from range(1, 2701) as orders (i);
    create table marts.fct_order_lines as
    select order_id, '1' as line_id, placed_date, currency, ordered_quantity, net_amount from marts.fct_orders;
    create table marts.fct_revenue_daily as
    select
        placed_date as business_date, 'placed' as recognition_clock, 'web' as channel, 'DE' as country,
        'home' as category, currency,
        sum(net_amount)::decimal(18, 4) as gross_sales_amount, 0::decimal(18, 4) as discounts_amount,
        0::decimal(18, 4) as returns_amount, sum(net_amount)::decimal(18, 4) as net_sales_amount,
        0::decimal(18, 4) as tax_amount, 0::decimal(18, 4) as shipping_amount,
        sum(net_amount)::decimal(18, 4) as total_sales_amount
    from marts.fct_orders
    group by all;
    create table marts.kpi_catalogue as
    select * from (values ('cancellation_rate', 'share'), ('orders', 'orders')) as kpis (kpi, unit);
    create table marts.fct_kpi_daily as
    select placed_date as business_date, 'cancellation_rate' as kpi, 'all' as dimension, 'all' as dimension_value,
        1::decimal(38, 4) as numerator, count(*)::decimal(38, 4) as denominator
    from marts.fct_orders
    group by all;
    create table marts.fct_payment_reconciliation as
    select order_id, currency, 'exact' as break_type, net_amount as due_amount, net_amount as captured_amount,
        0::decimal(18, 4) as refunded_amount, 0::decimal(18, 4) as difference_amount,
        0::decimal(18, 4) as unexplained_amount
    from marts.fct_orders;
    create table marts.fct_inventory_ledger as
    select
        'SKU-' || sku as sku, 'berlin' as warehouse_id, date '2026-01-01' + day::integer as business_date,
        (day * 5)::bigint as opening_quantity, 5::bigint as received_quantity, 0::bigint as shipped_quantity,
        0::bigint as unshipped_quantity, 0::bigint as restocked_quantity, 0::bigint as adjusted_quantity,
        0::bigint as transferred_quantity, 0::bigint as count_adjustment_quantity,
        (day * 5 + 5)::bigint as closing_quantity
    from range(3) as skus (sku), range(10) as days (day);
    create table quality.files as
    select 'shop' as source, 'orders' as feed, 'orders.csv' as path, 'loaded' as status, 2700::bigint as rows_in,
        2699::bigint as accepted, 1::bigint as duplicate, 0::bigint as quarantined,
        false as is_superseded;
    create table quality.freshness as
    select 'shop' as source, 'orders' as feed, '1d' as expected_every, 'fresh' as freshness_status,
        timestamp '2026-04-02 06:00:00' as due_at, 1::bigint as quiet_days, 3.0::double as allowed_quiet_days;
"""

TESTS = """
models:
  - name: orders_as_built
    columns:
      - name: order_id
        data_tests: [unique, not_null]
      - name: stage
        data_tests:
          - accepted_values: {arguments: {values: [ready_to_ship, closed]}}
      - name: net_amount
        data_tests:
          - not_null: {config: {severity: warn}}
"""


def make_built(home: Path) -> Settings:
    """Build a home whose last build is complete and whose numbers agree."""
    settings = Settings(home=home)
    open_raw(settings).close()
    with duckdb.connect(str(settings.work_db)) as work:
        work.execute("create schema staging")
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute(TABLES)
    save_record(
        settings,
        BuildRecord(
            build_id=BUILD_ID,
            status="built",
            fingerprint={},
            batch_id=7,
            business_time_zone="UTC",
            reporting_currency="EUR",
            as_of_mode="instant",
            as_of="2026-04-01 12:00:00.000000",
            wall_clock="2026-04-01 12:00:00.000000",
        ),
    )
    return settings


def make_project(folder: Path) -> Path:
    """Write a dbt project whose tests check the orders of that warehouse."""
    real = Path(__file__).parents[2] / "dbt_project"
    (folder / "models").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "profiles.yml").write_text((real / "profiles.yml").read_text(encoding="utf-8"), encoding="utf-8")
    project = "name: orderhouse\nprofile: orderhouse\nconfig-version: 2\nvars: {batch_id: 0}\n"
    (folder / "dbt_project.yml").write_text(project, encoding="utf-8")
    model = "{{ config(schema='x', alias='fct_orders') }} select 1 as order_id"
    macro = "{% macro generate_schema_name(name, node) %}marts{% endmacro %}"
    (folder / "macros").mkdir()
    (folder / "macros" / "schemas.sql").write_text(macro, encoding="utf-8")
    (folder / "models" / "orders_as_built.sql").write_text(model, encoding="utf-8")
    (folder / "models" / "orders_as_built.yml").write_text(TESTS, encoding="utf-8")
    sentence = "select order_id, net_amount from {{ ref('orders_as_built') }} where net_amount < 0"
    (folder / "tests" / "assert_no_order_is_worth_less_than_nothing.sql").write_text(sentence, encoding="utf-8")
    return folder


def plant(settings: Settings, statement: str) -> None:
    """Put a fault into the built warehouse."""
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute(statement)
