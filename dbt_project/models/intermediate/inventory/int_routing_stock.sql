{#
  Stock that undecided units can be routed to: on hand, less what is allocated to units with a warehouse, less the safety stock.
  What is allocated to units without a warehouse is what routing decides on, so it is not taken off.
#}
{{ config(materialized='view') }}

with on_hand as (
    select * from {{ ref('int_stock_on_hand') }}
    where warehouse_id <> 'unassigned'
),

allocations as (
    select * from {{ ref('int_line_allocations') }}
),

stock_windows as (
    select * from {{ ref('int_stock_windows') }}
),

decided as (
    select
        allocations.sku,
        allocations.warehouse_id,
        sum(allocations.allocated_quantity) as quantity
    from allocations
    where allocations.warehouse_id is not null
    group by allocations.sku, allocations.warehouse_id
),

final as (
    select
        on_hand.sku,
        on_hand.warehouse_id,
        cast(greatest(
            on_hand.allocatable_quantity - coalesce(decided.quantity, 0) - {{ var('safety_stock_units') }}, 0
        ) as {{ dbt.type_bigint() }}) as available_quantity,
        cast({{ ratio('coalesce(stock_windows.sold_quantity_90d, 0)', '90') }} as double) as demand_per_day
    from on_hand
    left join decided
        on
            on_hand.sku = decided.sku
            and on_hand.warehouse_id = decided.warehouse_id
    left join stock_windows
        on
            on_hand.sku = stock_windows.sku
            and on_hand.warehouse_id = stock_windows.warehouse_id
)

select * from final
