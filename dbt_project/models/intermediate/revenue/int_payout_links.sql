{# Payments and the payouts that they or a movement name. Every version counts, because a payment may have been in another payout. #}
{{ config(materialized='view') }}

with payments as (
    select * from {{ ref('stg_payments') }}
),

movements as (
    select * from {{ ref('stg_payouts') }}
),

final as (
    select
        payments.payment_id,
        payments.payout_id
    from payments
    where payments.payout_id is not null
    union
    select
        movements.payment_id,
        movements.payout_id
    from movements
    where movements.payment_id is not null
)

select * from final
