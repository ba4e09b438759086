{# What providers state about payouts: states of payouts, and the movements in them. #}
{%- set touched = ['stg_payouts'] -%}
{{ config(
    materialized='incremental', incremental_strategy='replace_touched', unique_key='movement_id', touched=touched
) }}

with payouts as (
    select * from {{ ref('stg_payouts') }}
    where
        is_current
        and {{ is_touched('movement_id', touched) }}
),

final as (
    select
        payouts.movement_id,
        payouts.payout_id,
        payouts.payment_id,
        payouts.kind,
        payouts.provider,
        payouts.currency,
        payouts._source as source,
        cast(payouts.amount as {{ money_type() }}) as amount,
        cast(coalesce(payouts.fee_amount, 0) as {{ money_type() }}) as fee_amount,
        payouts.kind in ('pending', 'in_transit', 'paid', 'failed', 'cancelled') as is_state,
        payouts.occurred_at,
        payouts.arrives_at,
        {{ this_batch() }} as _batch_id
    from payouts
)

select * from final
