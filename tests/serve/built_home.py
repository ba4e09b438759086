"""Homes with a small build, made by hand: publishing and reading need no dbt."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
from orderhouse.serve.publishing import PublishedVersion, publish
from orderhouse.settings import Settings
from orderhouse.storage.build_record import BuildRecord, record_audit, save_record

AS_OF = "2026-03-01 12:00:00.000000"

TABLES = """
create schema marts; create schema ops; create schema quality; create schema meta;
create table marts.as_of as select timestamp '2026-03-01 12:00:00' as as_of, date '2026-03-01' as business_date;
create table ops.orders as
    select 'OH-' || lpad(i::varchar, 4, '0') as order_id, 'TRACK' || lpad(i::varchar, 7, '0') as tracking_id,
        'placed' as stage,
        case i % 3 when 0 then 'DE' when 1 then 'FR' end as ship_country, (i * 1.1)::decimal(18, 4) as due_amount,
        case i when 1 then '=2+3' when 2 then '-5' when 3 then '' else 'plain' end as discount_code,
        timestamp '2026-02-01 10:00:00' + to_hours(i::bigint) as placed_at, i % 2 = 0 as is_late
    from range(1, 101) as t(i);
create table ops.order_lines as
    select order_id, '1' as line_id, 'SKU' as sku, 1::bigint as ordered_quantity from ops.orders;
create table ops.order_timeline as
    select order_id, placed_at as occurred_at, 1::bigint as event_number, 'placed' as event from ops.orders;
create view marts.fct_orders as select order_id, due_amount from ops.orders;
create table marts.fct_exceptions as
    select 'late' as code, 'high' as severity, timestamp '2026-02-03 00:00:00' as opened_at,
        'Tell the customer.' as what_to_do;
create table marts.kpi_catalogue as
    select * from (values
        ('orders', 'Orders', 'count', 'up', 2::decimal(18, 4), 'sum', 0, null, null),
        ('otif', 'On time in full', 'share', 'up', 0.9::decimal(18, 4), 'ratio', 3, null, null),
        ('days_of_cover', 'Days of cover', 'days', 'none', 45::decimal(18, 4), 'last', 0, null, null),
        ('hours_p90', '90th percentile', 'hours', 'down', null, 'percentile', 0, 'hours', 0.9::decimal(3, 2))
    ) as t(kpi, name, unit, direction, target, aggregation, mature_after_days, distribution, percentile),
    (select 'Formula' as formula, 'sales' as owner);
create table marts.fct_kpi_distribution as
    select * from (values
        (date '2026-02-04', 'hours', 'all', 'all', 24::bigint, 4::bigint),
        (date '2026-02-12', 'hours', 'all', 'all', 24, 5),
        (date '2026-02-15', 'hours', 'all', 'all', 144, 1),
        (date '2026-02-15', 'hours', 'channel', 'web', 999, 1)
    ) as t(business_date, kpi, dimension, dimension_value, bucket_hours, durations_count);
create table marts.fct_kpi_daily as
    select * from (values
        (date '2026-02-27', 'orders', 'all', 'all', 3::decimal(18, 4), null::decimal(18, 4)),
        (date '2026-02-28', 'orders', 'all', 'all', 4::decimal(18, 4), null),
        (date '2026-03-01', 'orders', 'all', 'all', 100::decimal(18, 4), null),
        (date '2026-01-15', 'orders', 'all', 'all', 9::decimal(18, 4), null),
        (date '2026-02-27', 'otif', 'all', 'all', 1::decimal(18, 4), 1::decimal(18, 4)),
        (date '2026-02-28', 'otif', 'all', 'all', 0::decimal(18, 4), 3::decimal(18, 4)),
        (date '2026-02-20', 'otif', 'all', 'all', 1::decimal(18, 4), 2::decimal(18, 4)),
        (date '2026-01-20', 'otif', 'all', 'all', 3::decimal(18, 4), 4::decimal(18, 4)),
        (date '2026-01-31', 'otif', 'all', 'all', 0::decimal(18, 4), 5::decimal(18, 4)),
        (date '2026-02-27', 'days_of_cover', 'all', 'all', 30::decimal(18, 4), 1::decimal(18, 4)),
        (date '2026-02-28', 'days_of_cover', 'all', 'all', 20::decimal(18, 4), 1::decimal(18, 4))
    ) as t(business_date, kpi, dimension, dimension_value, numerator, denominator);
create table quality.files as
    select 'f1' as file_id, 'shop' as source, 'orders' as feed, 'primary' as role, 'loaded' as status,
        10::bigint as rows_in,
        8::bigint as accepted, 1::bigint as duplicate, 1::bigint as quarantined, false as is_superseded,
        timestamp '2026-03-01 11:00:00' as received_at;
create table quality.quarantine as
    select 'q-1' as quarantine_id, 'f1' as file_id, 'shop' as source, 'orders' as feed, 'orders.csv' as path,
        7::bigint as record, 'open' as state,
        '["placed_at_missing"]' as rules, 'placed_at is missing.' as reasons, '{"order_id": "OH-9"}' as row_json,
        timestamp '2026-03-01 11:00:00' as received_at, 1::bigint as batch_id;
create table quality.repairs as
    select 'r0' as repair_id, 'no_longer_applies' as state, 'shop' as source, 'f1' as file_id, 'orders' as feed,
        7::bigint as record;
"""


def make_build(home: Path, build_id: str = "first", *, passed: bool | None = True, extra: str = "") -> Settings:
    """Write a finished build into a home, and its audit's verdict unless `passed` is None."""
    settings = Settings(home=home, keep_versions=3)
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    settings.warehouse_db.unlink(missing_ok=True)
    with duckdb.connect(str(settings.warehouse_db)) as warehouse:
        warehouse.execute(TABLES)
        warehouse.execute(extra or "select 1")
        warehouse.execute("create table meta.build as select ? as build_id", [build_id])
    record = BuildRecord(
        build_id=build_id,
        status="built",
        fingerprint={},
        batch_id=1,
        business_time_zone="UTC",
        reporting_currency="EUR",
        as_of_mode="instant",
        as_of=AS_OF,
        wall_clock=AS_OF,
        finished_at=AS_OF,
    )
    save_record(settings, record)
    if passed is not None:
        failures = (
            [] if passed else [{"name": "every_cent_is_there", "failed_rows": 3, "detail": "Three cents are not."}]
        )
        record_audit(settings, passed=passed, failures=failures)
    return settings


def make_version(home: Path, build_id: str = "first", *, extra: str = "") -> tuple[Settings, PublishedVersion]:
    """Write a build that passed its audit, and publish it."""
    settings = make_build(home, build_id, extra=extra)
    return settings, publish(settings)


def due(number: int) -> Decimal:
    """Return the amount of an order in these homes."""
    return Decimal(number) * Decimal("1.1")
