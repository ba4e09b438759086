{#
  Log of orders that newly received rows touch. Rows are only added; models downstream read those after their own
  watermark. A full build starts with an empty log, because it rebuilds everything.
#}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}

with orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

payments as (
    select * from {{ ref('stg_payments') }}
),

shipments as (
    select * from {{ ref('stg_shipments') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

actions as (
    select * from {{ ref('stg_actions') }}
),

feedback as (
    select * from {{ ref('stg_feedback') }}
),

carts as (
    select * from {{ ref('stg_carts') }}
),

fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

terms as (
    select * from {{ ref('int_orders_of_fresh_terms') }}
),

fresh_scans as (
    select
        tracking.shipment_id,
        tracking.carrier,
        tracking.tracking_number
    from tracking
    where tracking._batch_id > {{ since }}
),

fresh_shipments as (
    select distinct
        shipments.shipment_id,
        shipments.carrier,
        shipments.tracking_number
    from shipments
    where shipments._batch_id > {{ since }}
),

-- Scans with only a tracking number may belong to any shipment with that number, old or new.
fresh_numbers as (
    select
        fresh_scans.carrier,
        fresh_scans.tracking_number
    from fresh_scans
    union
    select
        fresh_shipments.carrier,
        fresh_shipments.tracking_number
    from fresh_shipments
),

fresh_rate_span as (
    select
        min(fx_rates.rate_date) as first_date,
        max(fx_rates.rate_date) as last_date
    from fx_rates
    where fx_rates._batch_id > {{ since }}
),

touched as (
    select orders.order_id from orders
    where orders._batch_id > {{ since }}
    union
    select order_lines.order_id from order_lines
    where order_lines._batch_id > {{ since }}
    union
    select payments.order_id from payments
    where payments.payment_id in (select fresh.payment_id from payments as fresh where fresh._batch_id > {{ since }})
    union
    -- A payment that named its parent in place of an order moves to the parent's order when the parent arrives.
    select payments.parent_payment_id as order_id from payments
    where payments.parent_payment_id in (select fresh.payment_id from payments as fresh where fresh._batch_id > {{ since }})
    union
    select shipments.order_id from shipments
    where shipments.shipment_id in (select fresh_shipments.shipment_id from fresh_shipments)
    union
    select shipments.order_id from shipments
    where shipments.shipment_id in (select fresh_scans.shipment_id from fresh_scans)
    union
    select shipments.order_id from shipments
    inner join fresh_numbers
        on
            shipments.carrier = fresh_numbers.carrier
            and shipments.tracking_number = fresh_numbers.tracking_number
    union
    select shipments.order_id from shipments
    inner join tracking on shipments.shipment_id = tracking.shipment_id
    inner join fresh_numbers
        on
            tracking.carrier = fresh_numbers.carrier
            and tracking.tracking_number = fresh_numbers.tracking_number
    where shipments.tracking_number is null
    union
    select returns.order_id from returns
    where returns.return_id in (select fresh.return_id from returns as fresh where fresh._batch_id > {{ since }})
    union
    select actions.order_id from actions
    where actions.action_id in (select fresh.action_id from actions as fresh where fresh._batch_id > {{ since }})
    union
    -- A route to a warehouse that no feed named was rejected. It counts from when one names it.
    select actions.order_id from actions
    where
        actions.kind = 'route'
        and actions.warehouse_id in (select fresh.warehouse_id from warehouses as fresh where fresh._batch_id > {{ since }})
    union
    select feedback.order_id from feedback
    where feedback.feedback_id in (select fresh.feedback_id from feedback as fresh where fresh._batch_id > {{ since }})
    union
    select carts.order_id from carts
    where carts.cart_id in (select fresh.cart_id from carts as fresh where fresh._batch_id > {{ since }})
    union
    -- A rate is used for a week. Payments in another currency than the order's currency change with it.
    select payments.order_id from payments
    inner join fresh_rate_span
        on
            payments.occurred_at >= {{ add_days('cast(fresh_rate_span.first_date as timestamp)', -1) }}
            and payments.occurred_at < {{ add_days('cast(fresh_rate_span.last_date as timestamp)', 9) }}
    inner join orders
        on
            payments.order_id = orders.order_id
            and payments.currency <> orders.currency
    union
    -- An order that was not received counts in the currency of its first payment.
    select payments.order_id from payments
    inner join fresh_rate_span
        on
            payments.occurred_at >= {{ add_days('cast(fresh_rate_span.first_date as timestamp)', -1) }}
            and payments.occurred_at < {{ add_days('cast(fresh_rate_span.last_date as timestamp)', 9) }}
    inner join payments as other_payments
        on
            payments.order_id = other_payments.order_id
            and payments.currency <> other_payments.currency
    union
    select terms.order_id from terms
),

final as (
    select
        touched.order_id,
        {{ this_batch() }} as _batch_id
    from touched
    where
        touched.order_id is not null
        and {{ 'true' if is_incremental() else 'false' }}
)

select * from final
