{#
  Amounts sold and paid per order, with every gap divided into typed breaks in this order: a missing order, line or rate;
  disputes; money kept beyond the amount due; refunds of money that was due; unpaid money.
#}
{%- set touched = ['int_touched_orders', 'int_order_states'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}, {{ ref('int_order_states') }}

with compared as (
    select * from {{ ref('int_payments_compared') }}
),

broken as (
    select
        compared.*,
        {% for type in ['orphan_payment', 'not_tracked', 'order_without_lines', 'missing_fx_rate'] -%}
        case when compared.comparison = '{{ type }}' then compared.gap_amount else 0 end as {{ type }}_break_amount,
        {% endfor -%}
        case when compared.comparison = 'comparable' then -compared.disputed_amount else 0 end as disputed_break_amount,
        case
            when compared.payment_break = 'kept'
                then least(compared.kept_amount, greatest(compared.ordered_due_amount - compared.due_amount, 0))
            else 0
        end as cancelled_not_refunded_break_amount,
        case
            when compared.payment_break = 'kept'
                then greatest(compared.kept_amount - greatest(compared.ordered_due_amount - compared.due_amount, 0), 0)
            else 0
        end as overpaid_break_amount,
        case when compared.payment_break = 'underpaid' then -compared.short_amount else 0 end as underpaid_break_amount,
        case when compared.payment_break = 'unpaid' then -compared.short_amount else 0 end as unpaid_break_amount,
        case
            when compared.refund_break = 'refunded' then -least(compared.given_back_amount, compared.returned_amount)
            else 0
        end as returned_break_amount,
        case
            when compared.refund_break = 'refunded' then -greatest(compared.given_back_amount - compared.returned_amount, 0)
            else 0
        end as refunded_break_amount,
        case when compared.payment_break = 'fx_difference' then compared.kept_amount - compared.short_amount else 0 end
            as fx_difference_break_amount,
        case when compared.payment_break = 'within_tolerance' then compared.kept_amount - compared.short_amount else 0 end
        - case when compared.refund_break = 'within_tolerance' then compared.given_back_amount else 0 end
            as within_tolerance_break_amount
    from compared
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
        -- Instant at which the break began. For an unpaid order it may be in the future.
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
