{#- Revenue of customers, with a mark on the rows whose amounts have no rate to the reporting currency. -#}
{{ config(materialized='view') }}

with customer_orders as (
    select * from {{ ref('int_customer_orders') }}
),

final as (
    select
        customer_orders.*,
        customer_orders.gross_amount_reporting is null as is_rate_missing
    from customer_orders
)

select * from final
