-- A movement that a provider states is a part of its payout, or a payment event in the same payout explains it; never both.
with movements as (
    select * from {{ ref('stg_payouts') }}
    where
        is_current
        and kind not in ('pending', 'in_transit', 'paid', 'failed', 'cancelled')
),

parts as (
    select * from {{ ref('int_payout_parts') }}
)

select
    movements.movement_id,
    count(parts.part_id) as parts_count
from movements
left join parts
    on
        movements.payout_id = parts.payout_id
        and movements.currency = parts.currency
        and (movements.movement_id = parts.part_id or (parts.is_payment and movements.payment_id = parts.part_id))
group by movements.movement_id
having count(parts.part_id) <> 1
