{# Instant at which each order was paid in full. Orders whose payments no source reports are left out. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_sales') }}
-- depends_on: {{ ref('int_touched_orders') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
    where
        is_paid_tracked
        and {{ is_touched('order_id', touched) }}
),

order_payments as (
    select * from {{ ref('int_order_payments') }}
    where {{ is_touched('order_id', touched) }}
),

captures as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind = 'captured'
        and {{ is_touched('order_id', touched) }}
),

covered_orders as (
    select
        order_states.order_id,
        order_states.due_amount - order_states.tolerance_amount as wanted_amount,
        order_payments.captures_count,
        order_payments.first_captured_at
    from order_states
    inner join order_payments on order_states.order_id = order_payments.order_id
    where
        order_states.due_amount > order_states.tolerance_amount
        and order_states.captured_amount >= order_states.due_amount - order_states.tolerance_amount
),

-- An order paid in instalments is paid in full with the instalment that reaches what is due.
instalments as (
    select
        captures.order_id,
        captures.occurred_at,
        covered_orders.wanted_amount,
        sum(captures.amount_order_currency) over (
            partition by captures.order_id
            order by captures.occurred_at, captures.payment_id
        ) as captured_amount
    from captures
    inner join covered_orders
        on
            captures.order_id = covered_orders.order_id
            and covered_orders.captures_count > 1
),

whole_at as (
    select
        instalments.order_id,
        min(instalments.occurred_at) as paid_at
    from instalments
    where instalments.captured_amount >= instalments.wanted_amount
    group by instalments.order_id
),

paid_orders as (
    select
        covered_orders.order_id,
        coalesce(whole_at.paid_at, covered_orders.first_captured_at) as paid_at
    from covered_orders
    left join whole_at on covered_orders.order_id = whole_at.order_id
    union all
    -- No capture is needed where hardly anything is due.
    select
        order_states.order_id,
        order_states.placed_at as paid_at
    from order_states
    where order_states.due_amount <= order_states.tolerance_amount
),

final as (
    select
        paid_orders.order_id,
        {{ business_date('paid_orders.paid_at') }} as paid_date
    from paid_orders
)

select * from final
