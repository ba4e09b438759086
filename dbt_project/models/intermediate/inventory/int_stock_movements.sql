{# Every movement that changes the level of a SKU at a warehouse, signed. #}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('int_touched_skus') }}

with recorded as (
    select * from {{ ref('int_stock_movements_recorded') }}
),

shipped as (
    select * from {{ ref('int_stock_movements_shipped') }}
),

restocked as (
    select * from {{ ref('int_stock_movements_restocked') }}
),

counted as (
    select * from {{ ref('int_stock_movements_counted') }}
),

movements as (
    select * from recorded
    union all
    select * from shipped
    union all
    select * from restocked
    union all
    select * from counted
),

final as (
    select
        movements.*,
        {{ this_batch() }} as _batch_id
    from movements
)

select * from final
