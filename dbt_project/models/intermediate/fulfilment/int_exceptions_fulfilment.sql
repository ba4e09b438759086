{#
  Union of the families of fulfilment exceptions, one model each. `opened_at` may be a deadline in the future;
  fct_exceptions shows it after it has passed. Only axes that some feed tracks raise exceptions.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with deadlines as (
    select * from {{ ref('int_exceptions_deadlines') }}
),

lines as (
    select * from {{ ref('int_exceptions_lines') }}
),

cancellations as (
    select * from {{ ref('int_exceptions_cancellations') }}
),

parcels as (
    select * from {{ ref('int_exceptions_parcels') }}
),

moves as (
    select * from {{ ref('int_exceptions_moves') }}
),

requests as (
    select * from {{ ref('int_exceptions_requests') }}
),

orphans as (
    select * from {{ ref('int_exceptions_orphans') }}
),

raised as (
    select * from deadlines
    union all
    select * from lines
    union all
    select * from cancellations
    union all
    select * from parcels
    union all
    select * from moves
    union all
    select * from requests
    union all
    select * from orphans
),

final as (
    select
        'order' as subject_type,
        raised.order_id as subject_id,
        raised.order_id,
        raised.sku,
        raised.code,
        raised.currency,
        raised.detail,
        raised.amount_at_stake,
        raised.opened_at,
        raised._source,
        {{ this_batch() }} as _batch_id
    from raised
)

select * from final
