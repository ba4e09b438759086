{#-
  Demand is the units ordered and not cancelled, on the day of the order, shipped or not. A line of no units sells nothing, also
  where it states a tax that its price includes.
-#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='sku', touched=touched) }}
-- depends_on: {{ ref('int_touched_skus') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('sku', touched) }}
),

final as (
    select
        order_lines.sku,
        order_lines.currency,
        cast(count(*) as {{ dbt.type_bigint() }}) as lines_count,
        cast(sum(order_lines.ordered_quantity - order_lines.cancelled_quantity) as {{ dbt.type_bigint() }})
            as demanded_quantity,
        cast(sum(case
            when order_lines.is_gift_card or order_lines.kept_quantity = 0 then 0
            when order_lines.prices_include_tax then order_lines.net_amount - order_lines.tax_amount
            else order_lines.net_amount
        end) as {{ money_type() }}) as net_amount,
        coalesce(bool_or(order_lines.is_stock_tracked and order_lines.requires_stock), false) as is_stock_tracked,
        {{ business_date('order_lines.placed_at') }} as placed_date,
        min(order_lines.placed_at) as first_placed_at,
        max(order_lines.placed_at) as last_placed_at,
        {{ this_batch() }} as _batch_id
    from order_lines
    group by order_lines.sku, order_lines.currency, {{ business_date('order_lines.placed_at') }}
)

select * from final
