{# Events that make up a day of revenue: every sale, shipping, return, refund and fee under every recognition clock. #}
{{ config(materialized='view') }}
{%- set sums = [
    'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'refunds_amount', 'fees_amount',
    'cost_of_goods_amount'
] %}

with revenue_sales as (
    select * from {{ published_ref('int_revenue_sales') }}
),

revenue_returns as (
    select * from {{ published_ref('int_revenue_returns') }}
),

revenue_cash as (
    select * from {{ published_ref('int_revenue_cash') }}
),

products as (
    select * from {{ published_ref('int_revenue_products') }}
),

rates as (
    select * from {{ published_ref('int_fx_daily') }}
),

currencies as (
    select * from {{ published_ref('currencies') }}
),

clocks as (
    select clocks.recognition_clock
    from (values {% for clock in recognition_clocks() %}('{{ clock }}'){{ ', ' if not loop.last }}{% endfor %}) as clocks (recognition_clock)
),

events as (
    {{ revenue_events(recognition_clocks()) }}
),

valued as (
    {{ revenue_events_valued() }}
),

final as (
    select
        valued.business_date,
        valued.recognition_clock,
        valued.event_kind,
        valued.order_id,
        valued.line_id,
        valued.shipment_id,
        valued.return_id,
        valued.payment_id,
        valued.sku,
        coalesce(valued.channel, 'unknown') as channel,
        coalesce(valued.country, 'unknown') as country,
        valued.category,
        valued.currency,
        valued.orders_count,
        valued.units_quantity,
        valued.returned_quantity,
        {% for suffix in ['', '_reporting'] -%}
        {% for column in sums -%}
        cast(valued.{{ column }}{{ suffix }} as {{ money_type() }}) as {{ column }}{{ suffix }},
        {% endfor -%}
        cast(
            valued.gross_sales_amount{{ suffix }} - valued.discounts_amount{{ suffix }} - valued.returns_amount{{ suffix }}
            as {{ money_type() }}
        ) as net_sales_amount{{ suffix }},
        {% endfor -%}
        valued.is_cost_missing,
        valued.is_rate_missing
    from valued
)

select * from final
