{#
  What each refund that names no return pays for, in the order of time: first the units that were cancelled, as far as they had
  been captured, then returned units that no other refund names, then units that were lost or returned by the carrier. The
  rest is goodwill. Shipping in the refund pays for no unit, unless the whole order was cancelled.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with orders as (
    select * from {{ ref('int_orders') }}
),

ledger as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind in ('captured', 'refunded')
        and {{ is_touched('order_id', touched) }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

order_lines as (
    select * from {{ ref('int_order_lines_counted') }}
),

refunded_orders as (
    select distinct ledger.order_id
    from ledger
    where
        ledger.kind = 'refunded'
        and ledger.return_id is null
),

-- A payment without a rate has no amount in the order's currency and pays for nothing.
payments as (
    select
        ledger.payment_id,
        ledger.order_id,
        ledger.kind,
        ledger.return_id,
        ledger.occurred_at,
        coalesce(ledger.status_amount_order_currency, 0) as refunded_amount,
        coalesce({{ shipping_part_of_refund('ledger', minor_unit('currencies.minor_digits')) }}, 0) as shipping_with_tax_amount
    from ledger
    left join currencies on ledger.order_currency = currencies.currency
    where ledger.order_id in (select refunded_orders.order_id from refunded_orders)
),

refunded_lines as (
    select * from order_lines
    where order_lines.order_id in (select refunded_orders.order_id from refunded_orders)
),

summed_lines as (
    {{ refundable_orders('refunded_lines', ['order_id']) }}
),

summed_payments as (
    select
        payments.order_id,
        {{ refundable_payments('payments', 'payments.refunded_amount') }}
    from payments
    group by payments.order_id
),

limits as (
    {{ refund_limits('orders', 'summed_lines', 'summed_payments', ['order_id']) }}
),

refunds as (
    select
        payments.*,
        limits.currency_digits,
        limits.is_nothing_left,
        limits.to_cancelled,
        limits.of_returned,
        limits.of_lost
    from payments
    inner join limits on payments.order_id = limits.order_id
    where
        payments.kind = 'refunded'
        and payments.return_id is null
),

assigned as (
    {{ refunds_assigned('refunds', ['order_id']) }}
),

final as (
    select
        assigned.order_id,
        assigned.payment_id,
        cast(assigned.currency_digits as {{ dbt.type_int() }}) as currency_digits,
        cast(assigned.refunded_amount as {{ money_type() }}) as amount,
        {% for column in ['cancelled_amount', 'returned_amount', 'lost_amount', 'goodwill_amount'] -%}
        cast(assigned.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(assigned.refunded_amount - assigned.for_units_amount as {{ money_type() }}) as shipping_amount,
        assigned.occurred_at,
        {{ this_batch() }} as _batch_id
    from assigned
)

select * from final
