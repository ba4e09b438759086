{# Payouts whose parts do not add up to the amount that the provider states. #}
{{ config(materialized='ephemeral') }}

with payouts as (
    select * from {{ ref('int_payouts_stated') }}
    where break_type = 'unexplained'
),

final as (
    select
        'payout' as subject_type,
        payouts.payout_id as subject_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        'payout_mismatch' as code,
        payouts.currency,
        concat(
            'Stated ', {{ written_amount('payouts.parts_amount + payouts.residual_amount', 'payouts.currency') }},
            ', parts ', {{ written_amount('payouts.parts_amount', 'payouts.currency') }}
        ) as detail,
        cast(abs(payouts.residual_amount) as {{ money_type() }}) as amount_at_stake,
        cast(payouts.occurred_at as {{ dbt.type_timestamp() }}) as opened_at,
        payouts.source as _source
    from payouts
)

select * from final
