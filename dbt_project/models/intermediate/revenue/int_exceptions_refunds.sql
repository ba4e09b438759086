{# Exceptions about missing and unnecessary refunds of an order whose payments are tracked. #}
{%- set touched = ['int_touched_orders', 'int_payment_reconciliation'] -%}
{{ config(materialized='ephemeral', step_of='int_order_money_exceptions') }}
-- depends_on: {{ ref('int_touched_orders') }}, {{ ref('int_payment_reconciliation') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

-- Only orders that were paid or refunded can have a missing or an unnecessary refund.
reconciliation as (
    select * from {{ ref('int_payment_reconciliation') }}
    where
        is_tracked
        and (captured_amount <> 0 or refunded_amount <> 0)
        and {{ is_touched('order_id', touched) }}
),

order_payments as (
    select * from {{ ref('int_order_payments') }}
    where {{ is_touched('order_id', touched) }}
),

orders as (
    select
        reconciliation.*,
        order_states.order_status,
        order_states.cancelled_at,
        coalesce(order_states.is_return_tracked, false) as is_return_tracked,
        order_payments.last_captured_at,
        order_payments.refunded_amount as refunded_for_status_amount,
        order_payments.first_refunded_at,
        order_payments.last_refunded_at,
        -- Refunded although it was due and nothing came back. A refund of shipping needs no return.
        greatest(-reconciliation.refunded_break_amount - coalesce(order_payments.shipping_refunded_amount, 0), 0)
            as goods_given_amount
    from reconciliation
    left join order_states on reconciliation.order_id = order_states.order_id
    left join order_payments on reconciliation.order_id = order_payments.order_id
),

found as (
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'cancelled_not_refunded' as code,
        case
            when orders.lines_count = 0 then orders.owed_back_amount
            else orders.cancelled_not_refunded_break_amount
        end as amount_at_stake,
        greatest(orders.cancelled_at, orders.last_captured_at) as opened_at,
        case
            when orders.order_status = 'cancelled' then 'The order is cancelled'
            else 'Units of the order are cancelled'
        end as detail
    from orders
    where
        orders.owed_back_amount > orders.tolerance_amount
        and (
            orders.cancelled_not_refunded_break_amount > 0
            or (orders.lines_count = 0 and orders.order_status = 'cancelled')
        )
    union all
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'refund_exceeds_capture' as code,
        orders.refunded_for_status_amount - orders.captured_amount as amount_at_stake,
        orders.last_refunded_at as opened_at,
        concat(
            'Refunded ', {{ written_amount('orders.refunded_for_status_amount', 'orders.currency') }},
            ', captured ', {{ written_amount('orders.captured_amount', 'orders.currency') }}
        ) as detail
    from orders
    where
        orders.refunded_for_status_amount > orders.captured_amount + orders.tolerance_amount
        and not orders.is_orphan
    union all
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'refund_without_return' as code,
        orders.goods_given_amount as amount_at_stake,
        orders.first_refunded_at as opened_at,
        'Refunded beyond what was overpaid, cancelled or sent back' as detail
    from orders
    where
        orders.goods_given_amount > orders.tolerance_amount
        and orders.is_return_tracked
    union all
    select
        orders.order_id,
        orders.source,
        orders.currency,
        'received_not_refunded' as code,
        orders.received_not_refunded_break_amount as amount_at_stake,
        {{ add_days('orders.arrived_at', var('received_not_refunded_days')) }} as opened_at,
        concat('Goods worth ', {{ written_amount('orders.returned_amount', 'orders.currency') }}, ' are back') as detail
    from orders
    where
        orders.received_not_refunded_break_amount > 0
        and orders.owed_back_amount > orders.tolerance_amount
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
