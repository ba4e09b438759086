{#-
  Demand for forecasts: units ordered on the business day of the order. Units that a customer called off are none; units of orders
  that were cancelled for want of stock are, because somebody wanted them. Orders that name no warehouse have the warehouse
  `unassigned`. Units sold at a discount are flagged and stay.
-#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('int_touched_skus') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('sku', touched) }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

demanded as (
    select
        order_lines.sku,
        coalesce(order_lines.warehouse_id, 'unassigned') as warehouse_id,
        case
            when lower(orders.cancel_reason) in ('{{ var("stock_cancel_reasons") | join("', '") }}')
                then order_lines.ordered_quantity
            else order_lines.ordered_quantity - order_lines.cancelled_quantity
        end as demanded_quantity,
        order_lines.ordered_discount_amount > 0 as is_promoted,
        {{ business_date('order_lines.placed_at') }} as placed_date
    from order_lines
    left join orders on order_lines.order_id = orders.order_id
    where
        order_lines.sku is not null
        and order_lines.placed_at is not null
        and not order_lines.is_gift_card
        and not order_lines.is_service
),

final as (
    select
        demanded.sku,
        demanded.warehouse_id,
        cast(sum(demanded.demanded_quantity) as {{ dbt.type_bigint() }}) as demanded_quantity,
        cast(sum(case when demanded.is_promoted then demanded.demanded_quantity else 0 end) as {{ dbt.type_bigint() }})
            as promoted_quantity,
        demanded.placed_date,
        {{ this_batch() }} as _batch_id
    from demanded
    group by demanded.sku, demanded.warehouse_id, demanded.placed_date
)

select * from final
