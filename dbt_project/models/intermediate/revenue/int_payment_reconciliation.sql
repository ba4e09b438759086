{#
  What was sold against what was paid, order by order. gap = cash − due is taken apart into typed breaks, in this order: what
  there is no order, line or rate for; disputes; money kept beyond what is due; money given back that was due; money not paid.
#}
{%- set touched = ['int_touched_orders', 'int_order_states'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}

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
        order_states.order_status,
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
        null as order_status,
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

broken as (
    select
        judged.*,
        {% for type in ['orphan_payment', 'not_tracked', 'order_without_lines', 'missing_fx_rate'] -%}
        case when judged.comparison = '{{ type }}' then judged.gap_amount else 0 end as {{ type }}_break_amount,
        {% endfor -%}
        case when judged.comparison = 'comparable' then -judged.disputed_amount else 0 end as disputed_break_amount,
        case
            when judged.payment_break = 'kept'
                then least(judged.kept_amount, greatest(judged.ordered_due_amount - judged.due_amount, 0))
            else 0
        end as cancelled_not_refunded_break_amount,
        case
            when judged.payment_break = 'kept'
                then greatest(judged.kept_amount - greatest(judged.ordered_due_amount - judged.due_amount, 0), 0)
            else 0
        end as overpaid_break_amount,
        case when judged.payment_break = 'underpaid' then -judged.short_amount else 0 end as underpaid_break_amount,
        case when judged.payment_break = 'unpaid' then -judged.short_amount else 0 end as unpaid_break_amount,
        case
            when judged.refund_break = 'refunded' then -least(judged.given_back_amount, judged.returned_amount)
            else 0
        end as returned_break_amount,
        case
            when judged.refund_break = 'refunded' then -greatest(judged.given_back_amount - judged.returned_amount, 0)
            else 0
        end as refunded_break_amount,
        case when judged.payment_break = 'fx_difference' then judged.kept_amount - judged.short_amount else 0 end
            as fx_difference_break_amount,
        case when judged.payment_break = 'within_tolerance' then judged.kept_amount - judged.short_amount else 0 end
        - case when judged.refund_break = 'within_tolerance' then judged.given_back_amount else 0 end
            as within_tolerance_break_amount
    from judged
),

{%- set types = [
    'orphan_payment', 'not_tracked', 'order_without_lines', 'missing_fx_rate', 'disputed', 'cancelled_not_refunded', 'overpaid',
    'underpaid', 'unpaid', 'refunded', 'returned', 'fx_difference', 'within_tolerance'
] %}

typed as (
    select
        broken.*,
        case
            {% for type in types -%}
            when broken.{{ type }}_break_amount <> 0 then '{{ type }}'
            {% endfor -%}
            when broken.comparison in ('orphan_payment', 'not_tracked', 'order_without_lines') then broken.comparison
            else 'exact'
        end as break_type
    from broken
),

final as (
    select
        typed.order_id,
        typed.source,
        typed.channel,
        typed.currency,
        typed.break_type,
        case
            when typed.comparison <> 'comparable' then typed.comparison
            when typed.payments_count = 0 then 'without_payments'
            when typed.captured_amount = typed.ordered_due_amount then 'exact'
            when abs(typed.captured_amount - typed.ordered_due_amount) <= typed.tolerance_amount then 'within_tolerance'
            else 'off'
        end as ordered_match,
        cast(typed.lines_count as {{ dbt.type_bigint() }}) as lines_count,
        cast(typed.payments_count as {{ dbt.type_bigint() }}) as payments_count,
        cast(typed.missing_rates_count as {{ dbt.type_bigint() }}) as missing_rates_count,
        {% for column in [
            'ordered_due_amount', 'due_amount', 'captured_amount', 'refunded_amount', 'disputed_amount', 'fee_amount', 'cash_amount',
            'returned_amount', 'tolerance_amount'
        ] -%}
        cast(typed.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(typed.captured_amount - typed.refunded_amount - typed.due_amount as {{ money_type() }}) as difference_amount,
        cast(typed.captured_amount - typed.ordered_due_amount as {{ money_type() }}) as ordered_difference_amount,
        cast(typed.gap_amount as {{ money_type() }}) as gap_amount,
        {% for type in types -%}
        cast(typed.{{ type }}_break_amount as {{ money_type() }}) as {{ type }}_break_amount,
        {% endfor -%}
        cast(
            typed.gap_amount
            {%- for type in types %}
            - typed.{{ type }}_break_amount
            {%- endfor %}
            as {{ money_type() }}
        ) as unexplained_amount,
        typed.is_orphan,
        typed.is_tracked,
        cast(typed.placed_date as date) as placed_date,
        cast(typed.placed_at as {{ dbt.type_timestamp() }}) as placed_at,
        -- Since when the break stands; that of an unpaid order may lie ahead.
        cast(
            case typed.break_type
                when 'orphan_payment' then typed.first_payment_at
                when 'missing_fx_rate' then typed.first_payment_at
                when 'disputed' then typed.first_disputed_at
                when 'cancelled_not_refunded' then greatest(typed.cancelled_at, typed.last_captured_at)
                when 'order_without_lines' then coalesce(typed.last_captured_at, typed.first_payment_at, typed.placed_at)
                when 'unpaid' then coalesce(typed.unpaid_at, typed.placed_at)
                when 'refunded' then typed.last_refunded_at
                when 'returned' then typed.last_refunded_at
                when 'exact' then null
                when 'not_tracked' then null
                else coalesce(typed.last_captured_at, typed.placed_at)
            end as {{ dbt.type_timestamp() }}
        ) as opened_at,
        {{ this_batch() }} as _batch_id
    from typed
)

select * from final
