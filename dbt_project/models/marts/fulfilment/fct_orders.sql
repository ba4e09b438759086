{{ config(materialized='view') }}

with orders as (
    select * from {{ published_ref('int_order_states') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

orders_reporting as (
    select * from {{ published_ref('int_orders_reporting') }}
),

rates as (
    select * from {{ published_ref('int_fx_daily') }}
),

judged as (
    select
        orders.*,
        coalesce(orders.is_promise_open and clock.as_of > orders.late_at, false) as is_late,
        coalesce(clock.as_of > orders.stuck_at, false) as is_stuck,
        coalesce(clock.as_of > orders.unpaid_at, false) as is_unpaid,
        orders_reporting.net_amount_reporting,
        orders_reporting.due_amount_reporting,
        rates.rate
    from orders
    cross join clock
    left join orders_reporting on orders.order_id = orders_reporting.order_id
    left join rates
        on
            orders.placed_date = rates.rate_date
            and orders.currency = rates.currency
),

final as (
    select
        judged.order_id,
        judged.tracking_id,
        judged.source,
        judged.channel,
        judged.order_type,
        judged.original_order_id,
        judged.legal_entity,
        judged.customer_id,
        judged.customer_key,
        judged.customer_token,
        judged.currency,
        judged.ship_city,
        judged.ship_region,
        judged.ship_postcode,
        judged.ship_country,
        judged.discount_code,
        judged.payment_terms,
        judged.cancel_reason,
        judged.order_status,
        judged.payment_status,
        judged.fulfilment_status,
        judged.delivery_status,
        judged.return_status,
        case
            when judged.order_status = 'cancelled' then 'cancelled'
            when judged.return_status = 'returned' then 'returned'
            when judged.order_status = 'on_hold' then 'on_hold'
            when judged.order_status = 'closed' then 'closed'
            when judged.fulfilment_status = 'delivered' then 'delivered'
            when judged.has_delivery_problem then 'delivery_problem'
            when judged.is_late then 'late'
            when
                judged.payment_terms not in ('on_delivery', 'invoice')
                and judged.is_paid_tracked
                and judged.order_status = 'placed'
                and judged.shipped_quantity = 0
                and judged.due_amount > 0
                then 'awaiting_payment'
            when judged.shipped_quantity > 0 and judged.fulfilled_quantity >= judged.to_fulfil_quantity then 'in_transit'
            when judged.shipped_quantity > 0 then 'part_shipped'
            when judged.is_backordered then 'awaiting_stock'
            when judged.order_status = 'confirmed' and judged.is_shipment_tracked and judged.to_ship_quantity > 0
                then 'ready_to_ship'
            else 'placed'
        end as stage,
        judged.lines_count,
        judged.shipments_count,
        judged.ordered_quantity,
        judged.cancelled_quantity,
        judged.shipped_quantity,
        judged.delivered_quantity,
        judged.returned_quantity,
        judged.lost_quantity,
        judged.carrier_returned_quantity,
        judged.open_quantity,
        judged.held_quantity,
        judged.allocated_quantity,
        judged.backordered_quantity,
        judged.not_tracked_quantity,
        judged.ordered_gross_amount,
        judged.ordered_discount_amount,
        judged.ordered_net_amount,
        judged.ordered_tax_amount,
        judged.gross_amount,
        judged.discount_amount,
        judged.net_amount,
        judged.tax_amount,
        judged.shipping_amount,
        judged.shipping_tax_amount,
        judged.ordered_shipping_amount,
        judged.ordered_shipping_tax_amount,
        judged.due_amount,
        judged.ordered_due_amount,
        judged.due_now_amount,
        judged.authorized_amount,
        judged.captured_amount,
        judged.refunded_amount,
        judged.voided_amount,
        judged.disputed_amount,
        judged.fee_amount,
        judged.balance_amount,
        judged.owed_to_us_amount,
        judged.owed_back_amount,
        judged.tolerance_amount,
        judged.net_amount_reporting,
        judged.due_amount_reporting,
        {{ reporting_amount('judged.owed_to_us_amount', 'judged.rate') }} as owed_to_us_amount_reporting,
        {{ reporting_amount('judged.owed_back_amount', 'judged.rate') }} as owed_back_amount_reporting,
        judged.prices_include_tax,
        judged.promise_is_date_only,
        judged.is_cancelled,
        judged.is_on_hold,
        judged.is_backordered,
        judged.is_over_shipped,
        judged.is_late,
        judged.was_late,
        judged.is_stuck,
        judged.is_unpaid,
        judged.is_settled,
        judged.is_paid_tracked,
        judged.is_shipment_tracked,
        judged.is_delivery_tracked,
        judged.is_return_tracked,
        judged.is_stock_tracked,
        judged.has_delivery_problem,
        judged.placed_date,
        judged.placed_at,
        judged.confirmed_at,
        judged.first_shipped_at,
        judged.last_shipped_at,
        judged.first_attempt_at,
        judged.delivered_at,
        judged.cancelled_at,
        judged.first_promised_at,
        judged.first_promise_ends_at,
        judged.current_promised_at,
        judged.late_at,
        judged.unpaid_at,
        judged.stuck_at,
        judged.hours_to_ship,
        judged.hours_in_transit,
        judged.hours_to_deliver,
        judged._file_id,
        judged._record,
        judged._source,
        judged._batch_id
    from judged
)

select * from final
