"""A dbt project of a few models over the real raw tables, so that builds take a second, and raw rows to build from."""

from __future__ import annotations

import shutil
from pathlib import Path

from orderhouse.settings import Settings
from orderhouse.storage.warehouse import open_raw
from orderhouse.transform.dbt import project_folder

REAL_PROJECT = project_folder()

FILES = {
    "dbt_project.yml": """
name: small
version: "1.0.0"
config-version: 2
profile: orderhouse
flags: {send_anonymous_usage_stats: false}
vars:
  {as_of: data, wall_clock: "2099-01-01", batch_id: 0, business_time_zone: UTC, reporting_currency: EUR,
   tracking_salt: x}
models:
  small: {+materialized: table, +schema: marts}
""",
    "macros/schemas.sql": "{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}",
    "models/kept_orders.sql": """
{{ config(materialized='incremental', unique_key='order_id', database='work', schema='staging') }}
select order_id, placed_at, _batch_id from {{ source('raw', 'orders') }}
{% if is_incremental() %}where _batch_id > (select coalesce(max(_batch_id), -1) from {{ this }}){% endif %}
""",
    "models/as_of.sql": """
select
    {% if var('as_of') == 'data' %}
    (select max(placed_at) from {{ ref('kept_orders') }}
        where placed_at <= cast('{{ var("wall_clock") }}' as timestamp))
    {% else %}cast('{{ var("as_of") }}' as timestamp){% endif %} as as_of,
    md5('{{ var("tracking_salt") }}') as salted
""",
    "models/zoned_orders.sql": """
{{ config(materialized='ephemeral') }}
select order_id, placed_at, '{{ var("business_time_zone") }}' as business_time_zone, {{ var("batch_id") }} as batch_id
from {{ ref('kept_orders') }}
""",
    "models/fct_orders.sql": """
select order_id, placed_at, business_time_zone, batch_id from {{ ref('zoned_orders') }}
""",
    "models/fct_ages.sql": """
select fct_orders.order_id, as_of.as_of - fct_orders.placed_at as age
from {{ ref('fct_orders') }} as fct_orders cross join {{ ref('as_of') }} as as_of
""",
    "models/orders.sql": """
{{ config(materialized='view', schema='ops') }}
select * from {{ ref('fct_orders').include(database=false) }}
""",
    "models/sources.yml": """
sources:
  - name: raw
    database: raw
    schema: raw
    tables: [{name: orders}]
""",
}


def write_project(folder: Path) -> Path:
    """Write the project, with the real profile and materializations."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in ("profiles.yml", "macros/materializations.sql"):
        shutil.copy(REAL_PROJECT / name, folder / name)
    return folder


def receive(settings: Settings, batch: int, orders: dict[str, str]) -> None:
    """Add a batch of orders, by id and the instant at which each was placed."""
    with open_raw(settings) as raw:
        raw.execute("insert into raw.batches values (?, now()::timestamp, now()::timestamp)", [batch])
        raw.execute("insert into received.loads (load_id, batch_id) values (?, ?)", [batch, batch])
        for order_id, placed_at in orders.items():
            raw.execute(
                "insert into received.orders (order_id, placed_at, _load_id) values (?, ?::timestamp, ?)",
                [order_id, placed_at, batch],
            )


def declare_coverage(settings: Settings, batch: int, feed: str) -> None:
    """Record that the source covers one more feed."""
    with open_raw(settings) as raw:
        raw.execute("insert into raw.coverage (source, feed, batch_id) values ('shop', ?, ?)", [feed, batch])
