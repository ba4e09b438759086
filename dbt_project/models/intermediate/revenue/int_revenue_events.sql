{# Events that make up a day of revenue: every sale, shipping, return, refund and fee under every recognition clock. #}
{{ config(materialized='view') }}

with revenue_sales as (
    select * from {{ published_ref('int_revenue_sales') }}
),

revenue_returns as (
    select * from {{ published_ref('int_revenue_returns') }}
),

revenue_cash as (
    select * from {{ published_ref('int_revenue_cash') }}
),

-- A product has the same category in all its periods.
products as (
    select distinct
        products.sku,
        products.category
    from {{ published_ref('int_revenue_products') }} as products
),

clocks as (
    select clocks.recognition_clock
    from (values {% for clock in recognition_clocks() %}('{{ clock }}'){{ ', ' if not loop.last }}{% endfor %}) as clocks (recognition_clock)
),

events as (
    {% for clock in recognition_clocks() -%}
    select
        {{- revenue_event_columns('revenue_sales') }}
        '{{ clock }}' as recognition_clock,
        revenue_sales.{{ clock }}_date as business_date
    from revenue_sales
    where revenue_sales.{{ clock }}_date is not null
    union all
    {% endfor -%}
    select
        {{- revenue_event_columns('revenue_returns') }}
        revenue_returns.recognition_clock,
        revenue_returns.business_date
    from revenue_returns
    union all
    select
        {{- revenue_event_columns('revenue_cash') }}
        clocks.recognition_clock,
        revenue_cash.business_date
    from revenue_cash
    cross join clocks
),

final as (
    select
        events.business_date,
        events.recognition_clock,
        events.event_kind,
        events.order_id,
        events.line_id,
        events.shipment_id,
        events.return_id,
        events.payment_id,
        events.sku,
        coalesce(events.channel, 'unknown') as channel,
        coalesce(events.country, 'unknown') as country,
        coalesce(products.category, 'unknown') as category,
        events.currency,
        events.orders_count,
        events.units_quantity,
        events.returned_quantity,
        events.gross_sales_amount,
        events.discounts_amount,
        events.returns_amount,
        cast(events.gross_sales_amount - events.discounts_amount - events.returns_amount as {{ money_type() }}) as net_sales_amount,
        events.tax_amount,
        events.shipping_amount,
        events.refunds_amount,
        events.fees_amount
    from events
    left join products on events.sku = products.sku
)

select * from final
