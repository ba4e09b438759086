{#- A view, because rates may change after the orders were computed. -#}
{{ config(materialized='view') }}

with customer_orders as (
    select * from {{ ref('int_customer_orders') }}
),

fx_daily as (
    select * from {{ ref('int_fx_daily') }}
),

final as (
    select
        customer_orders.*,
        {% for column in ['gross', 'discount', 'returned'] -%}
        {{ reporting_amount('customer_orders.' ~ column ~ '_amount', 'fx_daily.rate') }} as {{ column }}_amount_reporting,
        {% endfor -%}
        fx_daily.rate is null as is_rate_missing
    from customer_orders
    left join fx_daily
        on
            customer_orders.business_date = fx_daily.rate_date
            and customer_orders.currency = fx_daily.currency
)

select * from final
