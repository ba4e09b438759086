{# Amounts that the customer of each order owes and paid, and the order status and payment status that follow. #}
{{ config(materialized='ephemeral', step_of='int_order_states') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
{%- set paid = [
    'authorized_amount', 'captured_amount', 'refunded_amount', 'voided_amount', 'disputed_amount', 'fee_amount'
] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

payments as (
    select * from {{ ref('int_order_payments') }}
    where {{ is_touched('order_id', touched) }}
),

fulfilled as (
    select * from {{ ref('int_orders_fulfilled') }}
),

joined as (
    select
        orders.*,
        {% for column in [
            'lines_count', 'shipped_quantity', 'arrived_quantity', 'to_ship_quantity', 'net_amount', 'ordered_net_amount',
            'returned_net_amount', 'first_shipped_at', 'lines_cancelled_at'
        ] -%}
        fulfilled.{{ column }},
        {% endfor -%}
        {% for column in paid -%}
        coalesce(payments.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(payments.failed_count, 0) as failed_count,
        payments.first_captured_at,
        payments.authorized_reached_at,
        cast({{ var('tolerance_minor_units') }} * {{ minor_unit_amount('orders.currency_digits') }} as {{ money_type() }})
            as tolerance_amount,
        (fulfilled.ordered_quantity > 0 and fulfilled.cancelled_quantity >= fulfilled.ordered_quantity)
        or (orders.is_whole_order_cancelled and fulfilled.shipped_quantity = 0) as is_nothing_left,
        case when orders.prices_include_tax then 0 else fulfilled.tax_amount end as added_tax_amount,
        case when orders.prices_include_tax then 0 else fulfilled.ordered_tax_amount end as ordered_added_tax_amount,
        case when orders.prices_include_tax then 0 else fulfilled.returned_tax_amount end as returned_added_tax_amount,
        orders.shipping_amount + case when orders.prices_include_tax then 0 else orders.shipping_tax_amount end
            as shipping_due_amount
    from orders
    inner join fulfilled on orders.order_id = fulfilled.order_id
    left join payments on orders.order_id = payments.order_id
),

due as (
    select
        joined.*,
        joined.net_amount + joined.added_tax_amount
        + case when joined.is_nothing_left then 0 else joined.shipping_due_amount end as due_amount,
        joined.ordered_net_amount + joined.ordered_added_tax_amount + joined.shipping_due_amount as ordered_due_amount
    from joined
),

settled as (
    select
        due.*,
        case
            when due.due_amount = 0 then true
            when not due.is_paid_tracked then cast(null as {{ dbt.type_boolean() }})
            else
                due.captured_amount >= due.due_amount - due.tolerance_amount
                or due.captured_amount - due.refunded_amount
                >= due.due_amount - due.returned_net_amount - due.returned_added_tax_amount - due.tolerance_amount
        end as is_settled,
        due.due_amount = 0 or (
            due.is_paid_tracked
            and greatest(due.authorized_amount, due.captured_amount) >= due.due_amount - due.tolerance_amount
        ) as is_covered,
        due.is_nothing_left and due.shipped_quantity = 0 as is_cancelled
    from due
),

final as (
    select
        settled.order_id,
        case
            when settled.is_cancelled then 'cancelled'
            when settled.is_on_hold then 'on_hold'
            when
                settled.lines_count > 0
                and settled.is_shipment_tracked
                and settled.to_ship_quantity = 0
                and (not settled.is_delivery_tracked or settled.arrived_quantity >= settled.shipped_quantity)
                and coalesce(settled.is_settled, true)
                then 'closed'
            when
                settled.confirm_action_at is not null
                or settled.is_covered
                or settled.payment_terms in ('on_delivery', 'invoice')
                or settled.shipped_quantity > 0
                then 'confirmed'
            else 'placed'
        end as order_status,
        {{ payment_status('settled') }} as payment_status,
        settled.due_amount,
        settled.ordered_due_amount,
        {% for column in paid -%}
        settled.{{ column }},
        {% endfor -%}
        settled.tolerance_amount,
        settled.due_amount - settled.captured_amount + settled.refunded_amount as balance_amount,
        settled.is_nothing_left,
        settled.is_settled,
        least(
            settled.confirm_action_at,
            settled.first_shipped_at,
            case
                when settled.payment_terms in ('on_delivery', 'invoice') then settled.placed_at
                when settled.is_covered and settled.due_amount <= settled.tolerance_amount then settled.placed_at
            end,
            case when settled.is_covered then settled.authorized_reached_at end
        ) as confirmed_at,
        case
            when settled.is_whole_order_cancelled then settled.cancelled_at
            else settled.lines_cancelled_at
        end as order_cancelled_at,
        settled.first_captured_at
    from settled
)

select * from final
