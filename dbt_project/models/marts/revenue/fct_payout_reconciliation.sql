{{ config(materialized='view') }}

with payment_ledger as (
    select * from {{ published_ref('int_payment_ledger') }}
    where payout_id is not null
),

final as (
    select
        payment_ledger.payout_id,
        payment_ledger.provider,
        payment_ledger.currency,
        count(*) as payments_count,
        count(distinct payment_ledger.order_id) as orders_count,
        count(distinct case when payment_ledger.is_orphan then payment_ledger.order_id end) as orphan_orders_count,
        count(distinct payment_ledger.payout_at) as payout_instants_count,
        {% for kind, column, sign in [
            ('captured', 'captured_amount', ''), ('refunded', 'refunded_amount', '-')
        ] -%}
        cast(coalesce({{ sign }}sum(payment_ledger.signed_amount) filter (where payment_ledger.kind = '{{ kind }}'), 0)
            as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(
            coalesce(
                -sum(payment_ledger.signed_amount)
                filter (where payment_ledger.kind in ('disputed', 'dispute_won', 'dispute_lost')),
                0
            ) as {{ money_type() }}
        ) as disputed_amount,
        cast(sum(payment_ledger.fee_amount) as {{ money_type() }}) as fees_amount,
        cast(sum(payment_ledger.signed_amount) - sum(payment_ledger.fee_amount) as {{ money_type() }}) as payout_amount,
        min(payment_ledger.occurred_at) as first_payment_at,
        max(payment_ledger.occurred_at) as last_payment_at,
        max(payment_ledger.payout_at) as payout_at
    from payment_ledger
    group by
        payment_ledger.payout_id,
        payment_ledger.provider,
        payment_ledger.currency
)

select * from final
