{# Exceptions about the payment of an order whose payments are tracked, and about payments of orders that were not received. #}
{%- set touched = ['int_touched_orders', 'int_payment_reconciliation'] -%}
{{ config(materialized='ephemeral', step_of='int_order_money_exceptions') }}
-- depends_on: {{ ref('int_touched_orders') }}, {{ ref('int_payment_reconciliation') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

reconciliation as (
    select * from {{ ref('int_payment_reconciliation') }}
    where
        is_tracked
        and {{ is_touched('order_id', touched) }}
),

order_payments as (
    select * from {{ ref('int_order_payments') }}
    where {{ is_touched('order_id', touched) }}
),

orders as (
    select
        reconciliation.*,
        order_states.unpaid_at,
        coalesce(order_payments.has_currency_mismatch, false) as has_currency_mismatch,
        order_payments.first_payment_at,
        order_payments.last_captured_at,
        order_payments.first_other_currency_at
    from reconciliation
    left join order_states on reconciliation.order_id = order_states.order_id
    left join order_payments on reconciliation.order_id = order_payments.order_id
),

found as (
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'orphan_payment' as code,
        abs(orders.cash_amount) as amount_at_stake,
        orders.first_payment_at as opened_at,
        concat({{ counted('orders.payments_count', 'payment event') }}, ' of an order that is not there') as detail
    from orders
    where orders.is_orphan
    union all
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'payment_mismatch' as code,
        case when orders.overpaid_break_amount <> 0 then orders.overpaid_break_amount else orders.owed_to_us_amount end
            as amount_at_stake,
        orders.last_captured_at as opened_at,
        concat(
            'Captured ', {{ written_amount('orders.captured_amount', 'orders.currency') }},
            ', refunded ', {{ written_amount('orders.refunded_amount', 'orders.currency') }},
            ', due ', {{ written_amount('orders.due_amount - orders.returned_amount', 'orders.currency') }}
        ) as detail
    from orders
    where
        (orders.overpaid_break_amount <> 0 and orders.owed_back_amount > orders.tolerance_amount)
        or (orders.underpaid_break_amount <> 0 and orders.owed_to_us_amount > orders.tolerance_amount)
    union all
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'currency_mismatch' as code,
        orders.captured_amount as amount_at_stake,
        orders.first_other_currency_at as opened_at,
        concat('Paid in another currency than ', orders.currency) as detail
    from orders
    where
        orders.has_currency_mismatch
        and not orders.is_orphan
    union all
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'unpaid' as code,
        orders.owed_to_us_amount as amount_at_stake,
        orders.unpaid_at as opened_at,
        concat(
            'Due ', {{ written_amount('orders.due_amount - orders.returned_amount', 'orders.currency') }},
            ', captured ', {{ written_amount('orders.captured_amount', 'orders.currency') }},
            ', refunded ', {{ written_amount('orders.refunded_amount', 'orders.currency') }}
        ) as detail
    from orders
    where orders.unpaid_at is not null
    union all
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'missing_fx_rate' as code,
        cast(null as {{ money_type() }}) as amount_at_stake,
        orders.first_other_currency_at as opened_at,
        concat(
            {{ counted('orders.missing_rates_count', 'payment event') }}, ' cannot be converted into ', orders.currency
        ) as detail
    from orders
    where orders.missing_rates_count > 0
),

final as (
    select
        'order' as subject_type,
        found.order_id as subject_id,
        found.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        found.code,
        found.currency,
        found.detail,
        cast(found.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        cast(found.opened_at as {{ dbt.type_timestamp() }}) as opened_at,
        found.source as _source
    from found
)

select * from final
