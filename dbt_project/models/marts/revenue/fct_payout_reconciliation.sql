{{ config(materialized='view') }}
{%- set kinds = {
    'adjustments_amount': "('adjustment')",
    'reserves_amount': "('reserve')",
    'provider_fees_amount': "('fee')",
    'dispute_fees_amount': "('dispute_fee')",
    'transfers_amount': "('transfer')",
    'failed_payouts_amount': "('failed_payout')",
    'unexplained_payments_amount': "('unexplained_payment')",
    'unknown_movements_amount': "('unknown')",
} %}
{%- set payment_kinds = "('captured', 'refunded', 'refund_failed', 'disputed', 'dispute_won', 'dispute_lost', 'authorized', "
    ~ "'voided', 'failed')" %}

with payout_parts as (
    select * from {{ published_ref('int_payout_parts') }}
),

stated as (
    select * from {{ published_ref('int_payouts_stated') }}
),

summed as (
    select
        payout_parts.payout_id,
        payout_parts.provider,
        payout_parts.currency,
        count(case when payout_parts.is_payment then 1 end) as payments_count,
        count(case when not payout_parts.is_payment then 1 end) as movements_count,
        count(distinct payout_parts.order_id) as orders_count,
        count(distinct case when payout_parts.is_orphan then payout_parts.order_id end) as orphan_orders_count,
        count(distinct payout_parts.payout_at) as payout_instants_count,
        coalesce(sum(case when payout_parts.part_kind = 'captured' then payout_parts.amount end), 0) as captured_amount,
        coalesce(-sum(case when payout_parts.part_kind = 'refunded' then payout_parts.amount end), 0) as refunded_amount,
        coalesce(
            -sum(case when payout_parts.part_kind in ('disputed', 'dispute_won', 'dispute_lost') then payout_parts.amount end),
            0
        ) as disputed_amount,
        coalesce(sum(case when payout_parts.part_kind in {{ payment_kinds }} then payout_parts.fee_amount end), 0)
            as fees_amount,
        {% for column, words in kinds.items() -%}
        coalesce(sum(case when payout_parts.part_kind in {{ words }} then payout_parts.net_amount end), 0) as {{ column }},
        {% endfor -%}
        sum(payout_parts.net_amount) as payout_amount,
        min(case when payout_parts.is_payment then payout_parts.occurred_at end) as first_payment_at,
        max(case when payout_parts.is_payment then payout_parts.occurred_at end) as last_payment_at,
        max(payout_parts.payout_at) as payout_at
    from payout_parts
    group by
        payout_parts.payout_id,
        payout_parts.provider,
        payout_parts.currency
),

final as (
    select
        coalesce(summed.payout_id, stated.payout_id) as payout_id,
        coalesce(summed.provider, stated.provider) as provider,
        coalesce(summed.currency, stated.currency) as currency,
        coalesce(stated.payout_status, 'not_stated') as payout_status,
        coalesce(stated.break_type, 'not_stated') as break_type,
        {% for column in [
            'payments_count', 'movements_count', 'orders_count', 'orphan_orders_count', 'payout_instants_count'
        ] -%}
        cast(coalesce(summed.{{ column }}, 0) as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in ['captured_amount', 'refunded_amount', 'disputed_amount', 'fees_amount'] + kinds.keys() | list
            + ['payout_amount'] -%}
        cast(coalesce(summed.{{ column }}, 0) as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        stated.stated_amount,
        stated.paid_out_amount,
        stated.residual_amount,
        summed.first_payment_at,
        summed.last_payment_at,
        case
            when stated.payout_status in ('failed', 'cancelled') then null
            else coalesce(stated.arrives_at, summed.payout_at)
        end as payout_at
    from summed
    full outer join stated
        on
            summed.payout_id = stated.payout_id
            and summed.currency = stated.currency
            and coalesce(summed.provider, '') = coalesce(stated.provider, '')
)

select * from final
