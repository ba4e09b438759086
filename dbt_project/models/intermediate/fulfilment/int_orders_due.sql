{#
  Amounts that the customer of each order owes: for the order as placed, for the kept units, and for the kept units that did
  not come back. Beside them the amounts paid.
#}
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

rounded as (
    select * from {{ ref('int_orders_rounded') }}
),

joined as (
    select
        orders.*,
        {% for column in [
            'lines_count', 'ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'arrived_quantity', 'to_ship_quantity',
            'net_amount', 'ordered_net_amount', 'first_shipped_at', 'lines_cancelled_at'
        ] -%}
        fulfilled.{{ column }},
        {% endfor -%}
        {% for column in paid -%}
        coalesce(payments.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(payments.paid_back_amount, 0) as paid_back_amount,
        coalesce(payments.failed_count, 0) as failed_count,
        payments.first_captured_at,
        cast({{ var('tolerance_minor_units') }} * {{ minor_unit_amount('orders.currency_digits') }} as {{ money_type() }})
        + coalesce(rounded.rounding_amount, 0) as tolerance_amount,
        orders.confirm_action_at is not null as has_confirm_action,
        case when orders.prices_include_tax then 0 else fulfilled.tax_amount end as added_tax_amount,
        case when orders.prices_include_tax then 0 else fulfilled.ordered_tax_amount end as ordered_added_tax_amount,
        fulfilled.returned_net_amount
        + case when orders.prices_include_tax then 0 else fulfilled.returned_tax_amount end as returned_due_amount,
        orders.shipping_amount + case when orders.prices_include_tax then 0 else orders.shipping_tax_amount end
            as shipping_due_amount
    from orders
    inner join fulfilled on orders.order_id = fulfilled.order_id
    left join payments on orders.order_id = payments.order_id
    left join rounded on orders.order_id = rounded.order_id
),

left_over as (
    select
        joined.*,
        {{ is_nothing_left('joined') }} as is_nothing_left
    from joined
),

due as (
    select
        left_over.*,
        left_over.net_amount + left_over.added_tax_amount
        + case when left_over.is_nothing_left then 0 else left_over.shipping_due_amount end as due_amount,
        left_over.ordered_net_amount + left_over.ordered_added_tax_amount + left_over.shipping_due_amount as ordered_due_amount
    from left_over
),

final as (
    select
        due.order_id,
        due.payment_terms,
        due.lines_count,
        due.shipped_quantity,
        due.arrived_quantity,
        due.to_ship_quantity,
        due.due_amount,
        due.ordered_due_amount,
        due.due_amount - due.returned_due_amount as due_now_amount,
        due.returned_due_amount,
        due.authorized_amount,
        due.captured_amount,
        due.refunded_amount,
        due.voided_amount,
        due.disputed_amount,
        due.fee_amount,
        due.tolerance_amount,
        due.paid_back_amount,
        due.failed_count,
        due.is_whole_order_cancelled,
        due.is_nothing_left,
        due.is_on_hold,
        due.is_paid_tracked,
        due.is_shipment_tracked,
        due.is_delivery_tracked,
        due.has_confirm_action,
        due.placed_at,
        due.confirm_action_at,
        due.first_shipped_at,
        due.cancelled_at,
        due.lines_cancelled_at,
        due.first_captured_at
    from due
)

select * from final
