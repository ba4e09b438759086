{# What was sold: the parts of order lines, one row per order that counts it, and one for its shipping. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(
    materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched,
    pre_hook="{{ remember_replaced_days(['placed_date', 'paid_date', 'shipped_date', 'delivered_date']) }}"
) }}
-- depends_on: {{ ref('int_touched_orders') }}

with lines_sold as (
    select * from {{ ref('int_revenue_lines_sold') }}
),

orders_counted as (
    select * from {{ ref('int_revenue_orders_counted') }}
),

paid_orders as (
    select * from {{ ref('int_orders_paid_in_full') }}
),

-- An order counts with the first of its units that is a sale, its shipping with its first parcel.
sold_orders as (
    select
        lines_sold.order_id,
        min(lines_sold.shipped_date) as shipped_date,
        min(lines_sold.delivered_date) as delivered_date
    from lines_sold
    group by lines_sold.order_id
),

final as (
    select
        lines_sold.order_id,
        lines_sold.line_id,
        lines_sold.shipment_id,
        'sale' as event_kind,
        lines_sold.sku,
        lines_sold.channel,
        lines_sold.country,
        lines_sold.currency,
        cast(0 as {{ dbt.type_bigint() }}) as orders_count,
        lines_sold.units_quantity,
        lines_sold.goods_quantity,
        lines_sold.units_before_quantity,
        lines_sold.gross_sales_amount,
        lines_sold.discounts_amount,
        lines_sold.tax_amount,
        cast(0 as {{ money_type() }}) as shipping_amount,
        lines_sold.is_whole_line,
        lines_sold.placed_date,
        paid_orders.paid_date,
        lines_sold.shipped_date,
        lines_sold.delivered_date,
        {{ this_batch() }} as _batch_id
    from lines_sold
    left join paid_orders on lines_sold.order_id = paid_orders.order_id
    {% for kind in ['order', 'shipping'] -%}
    union all
    select
        orders_counted.order_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as shipment_id,
        '{{ kind }}' as event_kind,
        {{ 'orders_counted.sku' if kind == 'order' else 'cast(null as ' ~ dbt.type_string() ~ ') as sku' }},
        orders_counted.channel,
        orders_counted.country,
        orders_counted.currency,
        {{ 'orders_counted.orders_count' if kind == 'order' else 'cast(0 as ' ~ dbt.type_bigint() ~ ') as orders_count' }},
        cast(0 as {{ dbt.type_bigint() }}) as units_quantity,
        cast(0 as {{ dbt.type_bigint() }}) as goods_quantity,
        cast(0 as {{ dbt.type_bigint() }}) as units_before_quantity,
        cast(0 as {{ money_type() }}) as gross_sales_amount,
        cast(0 as {{ money_type() }}) as discounts_amount,
        {{ 'cast(0 as ' ~ money_type() ~ ') as tax_amount' if kind == 'order' else 'orders_counted.tax_amount' }},
        {{ 'cast(0 as ' ~ money_type() ~ ') as shipping_amount' if kind == 'order' else 'orders_counted.shipping_amount' }},
        true as is_whole_line,
        orders_counted.placed_date,
        paid_orders.paid_date,
        {% set days = 'sold_orders' if kind == 'order' else 'orders_counted' -%}
        {{ days }}.shipped_date,
        {{ days }}.delivered_date,
        {{ this_batch() }} as _batch_id
    from orders_counted
    left join paid_orders on orders_counted.order_id = paid_orders.order_id
    {{ 'left join sold_orders on orders_counted.order_id = sold_orders.order_id' if kind == 'order' }}
    where {{ 'orders_counted.sku is not null' if kind == 'order'
        else 'orders_counted.shipping_amount <> 0 or orders_counted.tax_amount <> 0' }}
    {% endfor -%}
)

select * from final
