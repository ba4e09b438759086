{#
  Amounts sold and paid per order, and what every refund paid for: one that names a return for returned goods, every other
  first for cancelled units as far as they had been captured, then for money beyond the order, then for returned goods. The
  rest was given although it was due. Goods that came back reduce what is missing.
#}
{%- set touched = ['int_touched_orders', 'int_order_states'] -%}
{{ config(materialized='ephemeral', step_of='int_payment_reconciliation') }}
-- depends_on: {{ ref('int_touched_orders') }}, {{ ref('int_order_states') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

order_payments as (
    select * from {{ ref('int_order_payments') }}
    where {{ is_touched('order_id', touched) }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
    where
        order_id is not null
        and returned_quantity > 0
        and {{ is_touched('order_id', touched) }}
),

arrived_returns as (
    select
        return_lines.order_id,
        max(coalesce(return_lines.received_at, return_lines.restocked_at, return_lines.scrapped_at)) as arrived_at
    from return_lines
    group by return_lines.order_id
),

combined as (
    select
        order_states.order_id,
        order_states.source,
        order_states.channel,
        order_states.currency,
        order_states.lines_count,
        false as is_orphan,
        order_states.is_paid_tracked as is_tracked,
        order_states.tolerance_amount,
        order_states.ordered_due_amount,
        order_states.due_amount,
        order_states.due_amount - order_states.due_now_amount as returned_amount,
        order_states.owed_to_us_amount,
        order_states.owed_back_amount,
        order_states.placed_date,
        order_states.placed_at,
        order_states.cancelled_at,
        order_states.unpaid_at
    from order_states
    union all
    select
        order_payments.order_id,
        order_payments.source,
        null as channel,
        order_payments.currency,
        0 as lines_count,
        true as is_orphan,
        true as is_tracked,
        0 as tolerance_amount,
        0 as ordered_due_amount,
        0 as due_amount,
        0 as returned_amount,
        0 as owed_to_us_amount,
        greatest(order_payments.captured_amount - order_payments.refunded_amount, 0) as owed_back_amount,
        null as placed_date,
        null as placed_at,
        null as cancelled_at,
        null as unpaid_at
    from order_payments
    where order_payments.is_orphan
),

paid as (
    select
        combined.*,
        {% for column in [
            'captured_amount', 'refunded_amount', 'paid_back_amount', 'refunded_for_returns_amount', 'disputed_amount', 'fee_amount',
            'foreign_captured_amount', 'payments_count', 'captures_count', 'missing_rates_count'
        ] -%}
        coalesce(order_payments.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        order_payments.first_payment_at,
        order_payments.last_captured_at,
        order_payments.last_refunded_at,
        order_payments.first_disputed_at,
        arrived_returns.arrived_at,
        case
            when combined.is_orphan then 'orphan_payment'
            when not combined.is_tracked then 'not_tracked'
            when combined.lines_count = 0 then 'order_without_lines'
            when order_payments.missing_rates_count > 0 then 'missing_fx_rate'
            else 'comparable'
        end as comparison
    from combined
    left join order_payments on combined.order_id = order_payments.order_id
    left join arrived_returns on combined.order_id = arrived_returns.order_id
),

compared as (
    select
        paid.*,
        paid.captured_amount - paid.paid_back_amount - paid.disputed_amount as cash_amount,
        greatest(least(paid.captured_amount, paid.ordered_due_amount) - paid.due_amount, 0) as cancelled_amount,
        greatest(paid.captured_amount - greatest(paid.ordered_due_amount, paid.due_amount), 0) as beyond_amount,
        greatest(paid.due_amount - paid.captured_amount, 0) as missing_amount,
        least(paid.refunded_for_returns_amount, paid.returned_amount) as named_amount,
        paid.refunded_amount - least(paid.refunded_for_returns_amount, paid.returned_amount) as free_amount,
        paid.foreign_captured_amount * {{ var('fx_tolerance_percent') }} * cast(0.01 as decimal(3, 2)) as fx_tolerance_amount
    from paid
),

apart as (
    select
        compared.*,
        compared.cash_amount - compared.due_amount as gap_amount,
        greatest(compared.cancelled_amount - compared.free_amount, 0) as cancelled_kept_amount,
        greatest(compared.beyond_amount - greatest(compared.free_amount - compared.cancelled_amount, 0), 0)
            as beyond_kept_amount,
        greatest(
            compared.returned_amount - compared.named_amount
            - greatest(compared.free_amount - compared.cancelled_amount - compared.beyond_amount, 0),
            0
        ) as returned_unrefunded_amount,
        greatest(
            compared.free_amount - compared.cancelled_amount - compared.beyond_amount
            - (compared.returned_amount - compared.named_amount),
            0
        ) as given_amount
    from compared
),

final as (
    select
        apart.order_id,
        apart.source,
        apart.channel,
        apart.currency,
        apart.comparison,
        {% for column in ['lines_count', 'payments_count', 'captures_count', 'missing_rates_count'] -%}
        cast(apart.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in [
            'ordered_due_amount', 'due_amount', 'captured_amount', 'refunded_amount', 'paid_back_amount', 'disputed_amount',
            'fee_amount', 'cash_amount', 'gap_amount', 'returned_amount', 'owed_to_us_amount', 'owed_back_amount',
            'tolerance_amount', 'fx_tolerance_amount', 'cancelled_kept_amount', 'beyond_kept_amount', 'given_amount'
        ] -%}
        cast(apart.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(greatest(apart.returned_unrefunded_amount - apart.missing_amount, 0) as {{ money_type() }}) as returned_kept_amount,
        cast(greatest(apart.missing_amount - apart.returned_unrefunded_amount, 0) as {{ money_type() }}) as short_amount,
        apart.is_orphan,
        apart.is_tracked,
        apart.placed_date,
        apart.placed_at,
        apart.cancelled_at,
        apart.unpaid_at,
        apart.arrived_at,
        apart.first_payment_at,
        apart.last_captured_at,
        apart.last_refunded_at,
        apart.first_disputed_at
    from apart
)

select * from final
