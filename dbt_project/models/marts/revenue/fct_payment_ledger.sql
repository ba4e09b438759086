{{ config(materialized='view') }}

with payment_ledger as (
    select * from {{ published_ref('int_payment_ledger') }}
),

fx_daily as (
    select * from {{ published_ref('int_fx_daily') }}
),

-- A payment keeps the time of a payout that was on its way when it was reported, also if the payout failed later.
failed_payouts as (
    select distinct
        payouts_stated.payout_id,
        payouts_stated.provider
    from {{ published_ref('int_payouts_stated') }} as payouts_stated
    where payouts_stated.payout_status in ('failed', 'cancelled')
),

final as (
    select
        payment_ledger.payment_id,
        payment_ledger.order_id,
        payment_ledger.kind,
        payment_ledger.method,
        payment_ledger.provider,
        payment_ledger.currency,
        payment_ledger.order_currency,
        payment_ledger.payout_id,
        payment_ledger.parent_payment_id,
        payment_ledger.return_id,
        payment_ledger.source,
        payment_ledger.amount,
        payment_ledger.signed_amount,
        payment_ledger.fee_amount,
        payment_ledger.amount_order_currency,
        payment_ledger.status_amount_order_currency,
        payment_ledger.signed_amount_order_currency,
        payment_ledger.fee_amount_order_currency,
        payment_ledger.goods_amount_order_currency,
        payment_ledger.tax_amount_order_currency,
        payment_ledger.shipping_amount_order_currency,
        {{ reporting_amount('payment_ledger.amount', 'fx_daily.rate') }} as amount_reporting,
        {{ reporting_amount('payment_ledger.signed_amount', 'fx_daily.rate') }} as signed_amount_reporting,
        {{ reporting_amount('payment_ledger.fee_amount', 'fx_daily.rate') }} as fee_amount_reporting,
        payment_ledger.is_orphan,
        payment_ledger.is_other_currency,
        payment_ledger.is_rate_missing,
        payment_ledger.occurred_date,
        payment_ledger.occurred_at,
        case when failed_payouts.payout_id is null then payment_ledger.payout_at end as payout_at,
        payment_ledger._file_id,
        payment_ledger._record,
        payment_ledger._source,
        payment_ledger._batch_id
    from payment_ledger
    left join fx_daily
        on
            payment_ledger.currency = fx_daily.currency
            and payment_ledger.occurred_date = fx_daily.rate_date
    left join failed_payouts
        on
            payment_ledger.payout_id = failed_payouts.payout_id
            and coalesce(payment_ledger.provider, '') = coalesce(failed_payouts.provider, '')
)

select * from final
