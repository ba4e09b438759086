{# Refunds for no return, of orders that lost parcels or got them back from the carrier. #}
{{ config(materialized='ephemeral', step_of='int_order_lines') }}

with shipped as (
    select * from {{ ref('int_line_shipments_summed') }}
),

payments as (
    select * from {{ ref('stg_payments') }}
),

reopened_orders as (
    select distinct shipped.order_id
    from shipped
    where shipped.lost_quantity + shipped.carrier_returned_quantity > 0
),

final as (
    select
        payments.order_id,
        payments.currency,
        sum(payments.amount) as refunded_amount
    from payments
    where
        payments.is_current
        and payments.kind = 'refunded'
        and payments.return_id is null
        and payments.order_id in (select reopened_orders.order_id from reopened_orders)
    group by
        payments.order_id,
        payments.currency
)

select * from final
