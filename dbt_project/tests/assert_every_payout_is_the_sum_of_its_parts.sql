-- The shown parts of a payout add up to its amount, this is the sum of its payment events and movements, and with the
-- residual it is what the provider states. A payout that failed or was cancelled states 0.
with payouts as (
    select * from {{ ref('fct_payout_reconciliation') }}
),

parts as (
    select
        payout_parts.payout_id,
        payout_parts.provider,
        payout_parts.currency,
        sum(payout_parts.amount) - sum(payout_parts.fee_amount) as parts_amount
    from {{ ref('int_payout_parts') }} as payout_parts
    group by
        payout_parts.payout_id,
        payout_parts.provider,
        payout_parts.currency
)

select
    payouts.payout_id,
    payouts.payout_amount,
    parts.parts_amount,
    payouts.residual_amount
from payouts
left join parts
    on
        payouts.payout_id = parts.payout_id
        and payouts.currency = parts.currency
        and coalesce(payouts.provider, '') = coalesce(parts.provider, '')
where
    payouts.payout_amount <> coalesce(parts.parts_amount, 0)
    or payouts.payout_amount <> payouts.captured_amount - payouts.refunded_amount - payouts.disputed_amount
    - payouts.fees_amount + payouts.adjustments_amount + payouts.reserves_amount + payouts.provider_fees_amount
    + payouts.dispute_fees_amount + payouts.transfers_amount + payouts.failed_payouts_amount
    + payouts.unexplained_payments_amount + payouts.unknown_movements_amount
    or payouts.payout_amount + payouts.residual_amount
    <> case when payouts.payout_status in ('failed', 'cancelled') then 0 else payouts.stated_amount end
    or (payouts.break_type = 'exact') <> (payouts.residual_amount = 0 and payouts.payments_count + payouts.movements_count > 0)
