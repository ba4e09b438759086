{#
  Status of every order on its five axes, and the instants from which it is late, stuck or unpaid. Nothing here depends on
  the clock; marts.fct_orders adds the columns that do.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] -%}
{%- set quantities = [
    'ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'delivered_quantity', 'returned_quantity',
    'returned_of_shipped_quantity', 'lost_quantity', 'carrier_returned_quantity', 'open_quantity', 'held_quantity',
    'allocated_quantity', 'backordered_quantity', 'not_tracked_quantity', 'to_fulfil_quantity', 'fulfilled_quantity',
    'to_ship_quantity'
] -%}
{%- set amounts = [
    'ordered_gross_amount', 'ordered_discount_amount', 'ordered_net_amount', 'ordered_tax_amount', 'gross_amount',
    'discount_amount', 'net_amount', 'tax_amount'
] -%}
{%- set paid = [
    'due_amount', 'ordered_due_amount', 'due_now_amount', 'authorized_amount', 'captured_amount', 'refunded_amount', 'voided_amount',
    'disputed_amount', 'fee_amount', 'tolerance_amount', 'balance_amount', 'owed_to_us_amount', 'owed_back_amount'
] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

fulfilled as (
    select * from {{ ref('int_orders_fulfilled') }}
),

delivered as (
    select * from {{ ref('int_orders_delivered') }}
),

returned as (
    select * from {{ ref('int_orders_returned') }}
),

settled as (
    select * from {{ ref('int_orders_settled') }}
),

joined as (
    select
        orders.*,
        {% for column in quantities + amounts + [
            'lines_count', 'returned_net_amount', 'fulfilment_status', 'is_over_shipped', 'was_late', 'is_promise_open', 'late_at',
            'first_shipped_at', 'last_shipped_at', 'delivered_at', 'last_line_promised_at', 'last_line_promise_ends_at'
        ] -%}
        fulfilled.{{ column }},
        {% endfor -%}
        {% for column in paid -%}
        settled.{{ column }},
        {% endfor -%}
        delivered.delivery_status,
        delivered.shipments_count,
        delivered.has_delivery_problem,
        delivered.first_attempt_at,
        delivered.stale_since,
        returned.return_status,
        settled.order_status,
        settled.payment_status,
        settled.is_nothing_left,
        settled.is_settled,
        settled.confirmed_at,
        settled.order_cancelled_at,
        settled.first_captured_at
    from orders
    inner join fulfilled on orders.order_id = fulfilled.order_id
    inner join delivered on orders.order_id = delivered.order_id
    inner join returned on orders.order_id = returned.order_id
    inner join settled on orders.order_id = settled.order_id
),

deadlines as (
    select
        joined.*,
        -- Where only lines carry promises, the last of them is the order's.
        coalesce(
            {{ promise_end('joined.first_promised_at', 'joined.first_promise_is_date_only') }}, joined.last_line_promise_ends_at
        ) as first_promise_ends_at,
        case
            when coalesce(joined.owed_to_us_amount, 0) <= joined.tolerance_amount then null
            when joined.payment_terms = 'invoice'
                then coalesce(joined.invoice_due_at, {{ add_days('joined.placed_at', var('invoice_days')) }})
            when joined.payment_terms = 'on_delivery'
                then {{ add_days('joined.delivered_at', var('payment_on_delivery_days')) }}
            when joined.captured_amount > 0 or joined.authorized_amount < joined.due_amount - joined.tolerance_amount
                then {{ add_days('joined.placed_at', var('unpaid_days')) }}
        end as unpaid_at,
        case
            when
                joined.is_delivery_tracked
                and joined.order_status <> 'cancelled'
                and (joined.shipped_quantity = 0 or joined.returned_of_shipped_quantity < joined.shipped_quantity)
                then {{ add_days('joined.stale_since', var('stuck_days')) }}
        end as stuck_at
    from joined
),

final as (
    select
        deadlines.order_id,
        {{ tracking_id('deadlines.order_id') }} as tracking_id,
        deadlines._source as source,
        deadlines.channel,
        deadlines.order_type,
        deadlines.original_order_id,
        deadlines.legal_entity,
        deadlines.customer_id,
        deadlines.customer_key,
        deadlines.email_token as customer_token,
        deadlines.currency,
        deadlines.ship_city,
        deadlines.ship_region,
        deadlines.ship_postcode,
        deadlines.ship_country,
        deadlines.discount_code,
        deadlines.payment_terms,
        deadlines.cancel_reason,
        deadlines.order_status,
        deadlines.payment_status,
        deadlines.fulfilment_status,
        deadlines.delivery_status,
        deadlines.return_status,
        cast(deadlines.currency_digits as {{ dbt.type_int() }}) as currency_digits,
        {% for column in ['lines_count', 'shipments_count'] + quantities -%}
        cast(deadlines.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast(deadlines.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(case when deadlines.is_nothing_left then 0 else deadlines.shipping_amount end as {{ money_type() }})
            as shipping_amount,
        cast(case when deadlines.is_nothing_left then 0 else deadlines.shipping_tax_amount end as {{ money_type() }})
            as shipping_tax_amount,
        cast(deadlines.shipping_amount as {{ money_type() }}) as ordered_shipping_amount,
        cast(deadlines.shipping_tax_amount as {{ money_type() }}) as ordered_shipping_tax_amount,
        {% for column in ['returned_net_amount'] + paid -%}
        cast(deadlines.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        deadlines.prices_include_tax,
        deadlines.promise_is_date_only,
        deadlines.is_cancelled_at_source as is_cancelled,
        deadlines.is_whole_order_cancelled,
        deadlines.is_on_hold,
        deadlines.backordered_quantity > 0 as is_backordered,
        deadlines.is_over_shipped,
        deadlines.is_settled,
        deadlines.is_promise_open,
        deadlines.was_late,
        deadlines.is_line_tracked,
        deadlines.is_paid_tracked,
        deadlines.is_shipment_tracked,
        deadlines.is_delivery_tracked,
        deadlines.is_return_tracked,
        deadlines.is_stock_tracked,
        deadlines.has_delivery_problem,
        deadlines.placed_date,
        deadlines.placed_at,
        deadlines.confirmed_at,
        deadlines.first_shipped_at,
        deadlines.last_shipped_at,
        deadlines.first_attempt_at,
        deadlines.delivered_at,
        deadlines.order_cancelled_at as cancelled_at,
        deadlines.held_at,
        coalesce(deadlines.first_promised_at, deadlines.last_line_promised_at) as first_promised_at,
        deadlines.first_promise_ends_at,
        deadlines.current_promised_at,
        deadlines.late_at,
        deadlines.unpaid_at,
        deadlines.stuck_at,
        deadlines.first_captured_at,
        {{ hours_between('deadlines.placed_at', 'deadlines.first_shipped_at') }} as hours_to_ship,
        {{ hours_between('deadlines.first_shipped_at', 'deadlines.delivered_at') }} as hours_in_transit,
        {{ hours_between('deadlines.placed_at', 'deadlines.delivered_at') }} as hours_to_deliver,
        deadlines._file_id,
        deadlines._record,
        deadlines._source,
        {{ this_batch() }} as _batch_id
    from deadlines
)

select * from final
