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
        coalesce(ledger.status_amount_order_currency, 0) as amount,
        coalesce({{ shipping_part_of_refund('ledger', minor_unit('currencies.minor_digits')) }}, 0) as shipping_amount
    from ledger
    left join currencies on ledger.order_currency = currencies.currency
    where ledger.order_id in (select refunded_orders.order_id from refunded_orders)
),

valued_lines as (
    select
        order_lines.order_id,
        order_lines.ordered_quantity,
        order_lines.called_off_quantity,
        order_lines.shipped_quantity,
        {{ owed_for_units('order_lines', 'order_lines.ordered_quantity') }} as ordered_amount,
        {{ owed_for_units('order_lines', '(order_lines.ordered_quantity - order_lines.called_off_quantity)') }} as kept_amount,
        {{ owed_for_units(
            'order_lines',
            '(order_lines.ordered_quantity - order_lines.called_off_quantity - order_lines.returned_of_shipped_quantity)'
        ) }} as kept_without_returns_amount,
        order_lines.reopened_amount
    from order_lines
    where order_lines.order_id in (select refunded_orders.order_id from refunded_orders)
),

summed_lines as (
    select
        valued_lines.order_id,
        sum(valued_lines.ordered_quantity) > 0
        and sum(valued_lines.called_off_quantity) >= sum(valued_lines.ordered_quantity) as is_all_called_off,
        sum(valued_lines.shipped_quantity) as shipped_quantity,
        sum(valued_lines.kept_amount) as kept_amount,
        sum(valued_lines.ordered_amount - valued_lines.kept_amount) as cancelled_amount,
        sum(valued_lines.kept_amount - valued_lines.kept_without_returns_amount) as returned_amount,
        sum(valued_lines.reopened_amount) as reopened_amount
    from valued_lines
    group by valued_lines.order_id
),

summed_payments as (
    select
        payments.order_id,
        coalesce(sum(payments.amount) filter (where payments.kind = 'captured'), 0) as captured_amount,
        coalesce(sum(payments.amount) filter (where payments.kind = 'refunded' and payments.return_id is not null), 0)
            as refunded_for_returns_amount
    from payments
    group by payments.order_id
),

totals as (
    select
        orders.order_id,
        coalesce(summed_lines.is_all_called_off, false)
        or (orders.is_whole_order_cancelled and coalesce(summed_lines.shipped_quantity, 0) = 0) as is_nothing_left,
        orders.shipping_amount + case when orders.prices_include_tax then 0 else orders.shipping_tax_amount end
            as shipping_due_amount,
        orders.currency_digits,
        coalesce(summed_lines.kept_amount, 0) as kept_amount,
        coalesce(summed_lines.cancelled_amount, 0) as cancelled_amount,
        coalesce(summed_lines.returned_amount, 0) as returned_amount,
        coalesce(summed_lines.reopened_amount, 0) as reopened_amount,
        summed_payments.captured_amount,
        summed_payments.refunded_for_returns_amount
    from summed_payments
    inner join orders on summed_payments.order_id = orders.order_id
    left join summed_lines on summed_payments.order_id = summed_lines.order_id
),

-- The value that refunds can pay for, added up in the order in which it is paid.
limits as (
    select
        totals.order_id,
        totals.currency_digits,
        totals.is_nothing_left,
        least(
            totals.cancelled_amount + case when totals.is_nothing_left then totals.shipping_due_amount else 0 end,
            greatest(
                totals.captured_amount - totals.kept_amount
                - case when totals.is_nothing_left then 0 else totals.shipping_due_amount end, 0
            )
        ) as to_cancelled,
        greatest(totals.returned_amount - totals.refunded_for_returns_amount, 0) as of_returned,
        totals.reopened_amount as of_lost
    from totals
),

refunds as (
    select
        payments.order_id,
        payments.payment_id,
        payments.occurred_at,
        payments.amount,
        limits.currency_digits,
        limits.to_cancelled,
        limits.to_cancelled + limits.of_returned as to_returned,
        limits.to_cancelled + limits.of_returned + limits.of_lost as to_lost,
        case
            when limits.is_nothing_left then payments.amount
            else greatest(payments.amount - payments.shipping_amount, 0)
        end as for_units_amount
    from payments
    inner join limits on payments.order_id = limits.order_id
    where
        payments.kind = 'refunded'
        and payments.return_id is null
),

running as (
    select
        refunds.*,
        sum(refunds.for_units_amount) over (
            partition by refunds.order_id
            order by refunds.occurred_at, refunds.payment_id
            rows between unbounded preceding and current row
        ) as so_far
    from refunds
),

assigned as (
    select
        running.*,
        least(running.so_far, running.to_cancelled)
        - least(running.so_far - running.for_units_amount, running.to_cancelled) as cancelled_amount,
        {% for column, above, below in [
            ('returned_amount', 'to_returned', 'to_cancelled'), ('lost_amount', 'to_lost', 'to_returned')
        ] -%}
        greatest(least(running.so_far, running.{{ above }}) - running.{{ below }}, 0)
        - greatest(least(running.so_far - running.for_units_amount, running.{{ above }}) - running.{{ below }}, 0)
            as {{ column }},
        {% endfor -%}
        greatest(running.so_far - running.to_lost, 0)
        - greatest(running.so_far - running.for_units_amount - running.to_lost, 0) as goodwill_amount
    from running
),

final as (
    select
        assigned.order_id,
        assigned.payment_id,
        cast(assigned.currency_digits as {{ dbt.type_int() }}) as currency_digits,
        {% for column in ['amount', 'cancelled_amount', 'returned_amount', 'lost_amount', 'goodwill_amount'] -%}
        cast(assigned.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(assigned.amount - assigned.for_units_amount as {{ money_type() }}) as shipping_amount,
        assigned.occurred_at,
        {{ this_batch() }} as _batch_id
    from assigned
)

select * from final
