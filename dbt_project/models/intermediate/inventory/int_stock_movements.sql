{# Every movement that changes the level of a SKU at a warehouse, signed. #}
{{ config(materialized='view') }}

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

final as (
    select * from recorded
    union all
    select * from shipped
    union all
    select * from restocked
    union all
    select * from counted
)

select * from final
