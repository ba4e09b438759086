{# Promises of order lines that have their own. It takes the place of the order's promise for the units of the line. #}
{{ config(materialized='ephemeral', step_of='int_order_lines_counted') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with versions as (
    select * from {{ ref('stg_order_lines') }}
    where
        promised_at is not null
        and {{ is_touched('order_id', touched) }}
),

numbered as (
    select
        versions.order_id,
        versions.line_id,
        versions.promised_at,
        versions.promise_is_date_only,
        versions.is_current,
        row_number() over (
            partition by versions.order_id, versions.line_id
            order by versions.updated_at, versions.content_hash desc nulls last, versions.is_current desc
        ) as oldest_first
    from versions
),

final as (
    select
        numbered.order_id,
        numbered.line_id,
        max(numbered.promised_at) filter (where numbered.oldest_first = 1) as first_promised_at,
        bool_or(numbered.promise_is_date_only) filter (where numbered.oldest_first = 1) as first_promise_is_date_only,
        max(numbered.promised_at) filter (where numbered.is_current) as current_promised_at,
        bool_or(numbered.promise_is_date_only) filter (where numbered.is_current) as promise_is_date_only
    from numbered
    group by
        numbered.order_id,
        numbered.line_id
)

select * from final
