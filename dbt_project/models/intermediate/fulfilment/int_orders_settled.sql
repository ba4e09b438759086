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
            'lines_count', 'ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'arrived_quantity', 'to_ship_quantity',
            'net_amount', 'ordered_net_amount', 'first_shipped_at', 'lines_cancelled_at'
        ] -%}
        fulfilled.{{ column }},
        {% endfor -%}
        {% for column in paid -%}
        coalesce(payments.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(payments.failed_count, 0) as failed_count,
        payments.first_captured_at,
        payments.authorized_reached_at,
        orders.confirm_action_at is not null as has_confirm_action,
        cast({{ var('tolerance_minor_units') }} * {{ minor_unit_amount('orders.currency_digits') }} as {{ money_type() }})
            as tolerance_amount,
        case when orders.prices_include_tax then 0 else fulfilled.tax_amount end as added_tax_amount,
        case when orders.prices_include_tax then 0 else fulfilled.ordered_tax_amount end as ordered_added_tax_amount,
        fulfilled.returned_net_amount + case when orders.prices_include_tax then 0 else fulfilled.returned_tax_amount end
            as returned_due_amount,
        orders.shipping_amount + case when orders.prices_include_tax then 0 else orders.shipping_tax_amount end
            as shipping_due_amount
    from orders
    inner join fulfilled on orders.order_id = fulfilled.order_id
    left join payments on orders.order_id = payments.order_id
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

settled as (
    select
        due.*,
        {{ is_settled('due') }} as is_settled,
        {{ is_covered('due') }} as is_covered,
        due.is_nothing_left and due.shipped_quantity = 0 as is_cancelled
    from due
),

final as (
    select
        settled.order_id,
        {{ order_status('settled') }} as order_status,
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
