{#
  Amounts sold and paid per order, with every gap divided into typed breaks in this order: a missing order, line or rate;
  disputes; money kept; money missing; refunds of money that was due; returned goods; differences of the exchange rate and
  those within the tolerance.
#}
{%- set touched = ['int_touched_orders', 'int_order_states'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}, {{ ref('int_order_states') }}

with compared as (
    select * from {{ ref('int_payments_compared') }}
),

judged as (
    select
        compared.*,
        compared.comparison = 'comparable' as is_comparable,
        compared.cancelled_kept_amount + compared.beyond_kept_amount + compared.returned_kept_amount as kept_amount,
        compared.cancelled_kept_amount + compared.beyond_kept_amount + compared.returned_kept_amount > compared.tolerance_amount
            as is_kept,
        compared.short_amount > compared.tolerance_amount as is_short,
        compared.given_amount > compared.tolerance_amount as is_given,
        compared.beyond_kept_amount <= compared.fx_tolerance_amount as is_beyond_by_rate,
        compared.short_amount <= compared.fx_tolerance_amount as is_short_by_rate
    from compared
),

broken as (
    select
        judged.*,
        {% for type in ['orphan_payment', 'not_tracked', 'order_without_lines', 'missing_fx_rate'] -%}
        case when judged.comparison = '{{ type }}' then judged.gap_amount else 0 end as {{ type }}_break_amount,
        {% endfor -%}
        case when judged.is_comparable then -judged.disputed_amount else 0 end as disputed_break_amount,
        case when judged.is_comparable and judged.is_kept then judged.cancelled_kept_amount else 0 end
            as cancelled_not_refunded_break_amount,
        case when judged.is_comparable and judged.is_kept and not judged.is_beyond_by_rate then judged.beyond_kept_amount else 0 end
            as overpaid_break_amount,
        case when judged.is_comparable and judged.is_kept then judged.returned_kept_amount else 0 end
            as received_not_refunded_break_amount,
        case
            when judged.is_comparable and judged.is_short and not judged.is_short_by_rate and judged.captures_count > 0
                then -judged.short_amount
            else 0
        end as underpaid_break_amount,
        case
            when judged.is_comparable and judged.is_short and not judged.is_short_by_rate and judged.captures_count = 0
                then -judged.short_amount
            else 0
        end as unpaid_break_amount,
        case when judged.is_comparable and judged.is_given then -judged.given_amount else 0 end as refunded_break_amount,
        case when judged.is_comparable then -judged.returned_amount else 0 end as returned_break_amount,
        -- A refund is worth what its capture was worth; what its own day's rate makes of it is a difference of the rate.
        case
            when judged.is_comparable
                then
                    judged.refunded_amount - judged.paid_back_amount
                    + case when judged.is_kept and judged.is_beyond_by_rate then judged.beyond_kept_amount else 0 end
                    - case when judged.is_short and judged.is_short_by_rate then judged.short_amount else 0 end
            else 0
        end as fx_difference_break_amount,
        case
            when judged.is_comparable
                then
                    case when judged.is_kept then 0 else judged.kept_amount end
                    - case when judged.is_short then 0 else judged.short_amount end
                    - case when judged.is_given then 0 else judged.given_amount end
            else 0
        end as within_tolerance_break_amount
    from judged
),

{%- set types = [
    'orphan_payment', 'not_tracked', 'order_without_lines', 'missing_fx_rate', 'disputed', 'cancelled_not_refunded', 'overpaid',
    'received_not_refunded', 'underpaid', 'unpaid', 'refunded', 'returned', 'fx_difference', 'within_tolerance'
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
        {% for column in ['lines_count', 'payments_count', 'missing_rates_count'] -%}
        cast(typed.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in [
            'ordered_due_amount', 'due_amount', 'captured_amount', 'disputed_amount', 'fee_amount', 'cash_amount', 'returned_amount',
            'owed_to_us_amount', 'owed_back_amount', 'tolerance_amount'
        ] -%}
        cast(typed.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(typed.paid_back_amount as {{ money_type() }}) as refunded_amount,
        cast(typed.captured_amount - typed.paid_back_amount - typed.due_amount as {{ money_type() }}) as difference_amount,
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
        case typed.comparison
            when 'not_tracked' then false
            when 'missing_fx_rate' then true
            when 'orphan_payment' then typed.cash_amount <> 0
            else typed.owed_to_us_amount > typed.tolerance_amount or typed.owed_back_amount > typed.tolerance_amount
        end as is_owed,
        cast(typed.placed_date as date) as placed_date,
        cast(typed.placed_at as {{ dbt.type_timestamp() }}) as placed_at,
        typed.arrived_at,
        -- Instant at which the break began. For an unpaid order it is the end of its term, which may be in the future.
        cast(
            case typed.break_type
                when 'orphan_payment' then typed.first_payment_at
                when 'missing_fx_rate' then typed.first_payment_at
                when 'disputed' then typed.first_disputed_at
                when 'cancelled_not_refunded' then greatest(typed.cancelled_at, typed.last_captured_at)
                when 'received_not_refunded' then greatest(typed.arrived_at, typed.last_captured_at)
                when 'order_without_lines' then coalesce(typed.last_captured_at, typed.first_payment_at, typed.placed_at)
                when 'unpaid' then typed.unpaid_at
                when 'refunded' then typed.last_refunded_at
                when 'returned' then greatest(typed.arrived_at, typed.last_refunded_at)
                when 'exact' then null
                when 'not_tracked' then null
                else coalesce(typed.last_captured_at, typed.placed_at)
            end as {{ dbt.type_timestamp() }}
        ) as opened_at,
        {{ this_batch() }} as _batch_id
    from typed
)

select * from final
