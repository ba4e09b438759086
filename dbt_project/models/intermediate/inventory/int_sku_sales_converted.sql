{#
  Net sales of each SKU and day in other currencies than the reporting currency, converted line by line. An event of revenue is
  an order line, so the sums are those of its events.
#}
{{ config(materialized='ephemeral', step_of='int_sku_demand') }}

with sales as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'sale'
        and currency <> '{{ var("reporting_currency") }}'
),

fx_daily as (
    select * from {{ ref('int_fx_daily') }}
),

line_sales as (
    select
        sales.order_id,
        sales.line_id,
        sales.sku,
        sales.currency,
        sales.placed_date,
        sum(sales.gross_sales_amount) as gross_sales_amount,
        sum(sales.discounts_amount) as discounts_amount
    from sales
    group by sales.order_id, sales.line_id, sales.sku, sales.currency, sales.placed_date
),

final as (
    select
        line_sales.sku,
        line_sales.placed_date,
        line_sales.currency,
        sum(
            {{ reporting_amount('line_sales.gross_sales_amount', 'fx_daily.rate') }}
            - {{ reporting_amount('line_sales.discounts_amount', 'fx_daily.rate') }}
        ) as net_amount_reporting
    from line_sales
    left join fx_daily
        on
            line_sales.placed_date = fx_daily.rate_date
            and line_sales.currency = fx_daily.currency
    group by line_sales.sku, line_sales.placed_date, line_sales.currency
)

select * from final
