{#
  Amounts sold and paid per order: money kept beyond the amount due, refunded although due, or not paid, and whether the
  difference is a break. Differences within the tolerance or caused by the exchange rate are no breaks.
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

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        returned_quantity > 0
        and {{ is_touched('order_id', touched) }}
),

returned as (
    select
        order_lines.order_id,
        sum(
            order_lines.returned_net_amount
            + case when order_lines.prices_include_tax then 0 else order_lines.returned_tax_amount end
        ) as returned_amount
    from order_lines
    group by order_lines.order_id
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
        coalesce(returned.returned_amount, 0) as returned_amount,
        order_states.placed_date,
        order_states.placed_at,
        order_states.cancelled_at,
        order_states.unpaid_at
    from order_states
    left join returned on order_states.order_id = returned.order_id
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
            'captured_amount', 'refunded_amount', 'disputed_amount', 'fee_amount', 'foreign_captured_amount', 'payments_count',
            'captures_count', 'missing_rates_count'
        ] -%}
        coalesce(order_payments.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        order_payments.first_payment_at,
        order_payments.last_captured_at,
        order_payments.last_refunded_at,
        order_payments.first_disputed_at,
        case
            when combined.is_orphan then 'orphan_payment'
            when not combined.is_tracked then 'not_tracked'
            when combined.lines_count = 0 then 'order_without_lines'
            when order_payments.missing_rates_count > 0 then 'missing_fx_rate'
            else 'comparable'
        end as comparison
    from combined
    left join order_payments on combined.order_id = order_payments.order_id
),

compared as (
    select
        paid.*,
        paid.captured_amount - paid.refunded_amount - paid.disputed_amount as cash_amount,
        greatest(paid.captured_amount - paid.due_amount, 0) as paid_beyond_due_amount,
        greatest(paid.due_amount - paid.captured_amount, 0) as short_amount
    from paid
),

apart as (
    select
        compared.*,
        compared.cash_amount - compared.due_amount as gap_amount,
        greatest(compared.paid_beyond_due_amount - compared.refunded_amount, 0) as kept_amount,
        greatest(compared.refunded_amount - compared.paid_beyond_due_amount, 0) as given_back_amount,
        compared.foreign_captured_amount * {{ var('fx_tolerance_percent') }} * cast(0.01 as decimal(3, 2)) as fx_tolerance_amount
    from compared
),

-- Differences too small to type, and those of the exchange rate.
judged as (
    select
        apart.*,
        case
            when apart.comparison <> 'comparable' then apart.comparison
            when apart.kept_amount - apart.short_amount = 0 then 'nothing'
            when greatest(apart.kept_amount, apart.short_amount) <= apart.tolerance_amount then 'within_tolerance'
            when greatest(apart.kept_amount, apart.short_amount) <= apart.fx_tolerance_amount then 'fx_difference'
            when apart.kept_amount > 0 then 'kept'
            when apart.captures_count > 0 then 'underpaid'
            else 'unpaid'
        end as payment_break,
        case
            when apart.comparison <> 'comparable' or apart.given_back_amount = 0 then 'nothing'
            when apart.given_back_amount <= apart.tolerance_amount then 'within_tolerance'
            else 'refunded'
        end as refund_break
    from apart
),

final as (
    select
        judged.order_id,
        judged.source,
        judged.channel,
        judged.currency,
        judged.comparison,
        judged.payment_break,
        judged.refund_break,
        {% for column in ['lines_count', 'payments_count', 'missing_rates_count'] -%}
        cast(judged.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in [
            'ordered_due_amount', 'due_amount', 'captured_amount', 'refunded_amount', 'disputed_amount', 'fee_amount', 'cash_amount',
            'gap_amount', 'returned_amount', 'tolerance_amount', 'kept_amount', 'short_amount', 'given_back_amount'
        ] -%}
        cast(judged.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        judged.is_orphan,
        judged.is_tracked,
        judged.placed_date,
        judged.placed_at,
        judged.cancelled_at,
        judged.unpaid_at,
        judged.first_payment_at,
        judged.last_captured_at,
        judged.last_refunded_at,
        judged.first_disputed_at
    from judged
)

select * from final
