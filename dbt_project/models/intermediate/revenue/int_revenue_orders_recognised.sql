{# Net sales of the orders with refunds of goods, so far and in all, per recognition clock and day that recognises a part of them. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_returns') }}
-- depends_on: {{ ref('int_touched_orders') }}

with goods_refunded as (
    select * from {{ ref('int_revenue_goods_refunded') }}
),

sales as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'sale'
        and {{ is_touched('order_id', touched) }}
),

refunded_sales as (
    select sales.*
    from sales
    where sales.order_id in (select goods_refunded.order_id from goods_refunded)
),

recognised_days as (
    {% for clock in recognition_clocks() -%}
    select
        refunded_sales.order_id,
        '{{ clock }}' as recognition_clock,
        refunded_sales.{{ clock }}_date as recognised_date,
        sum(refunded_sales.gross_sales_amount - refunded_sales.discounts_amount) as net_amount
    from refunded_sales
    where refunded_sales.{{ clock }}_date is not null
    group by
        refunded_sales.order_id,
        refunded_sales.{{ clock }}_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        recognised_days.order_id,
        recognised_days.recognition_clock,
        cast(sum(recognised_days.net_amount) over (
            partition by recognised_days.order_id, recognised_days.recognition_clock
            order by recognised_days.recognised_date
        ) as {{ money_type() }}) as amount_so_far,
        cast(sum(recognised_days.net_amount) over (
            partition by recognised_days.order_id, recognised_days.recognition_clock
        ) as {{ money_type() }}) as recognised_amount,
        recognised_days.recognised_date
    from recognised_days
)

select * from final
