{{ config(materialized='view') }}

with journal as (
    select * from {{ published_ref('int_journal') }}
),

final as (
    select
        journal.entry_id,
        journal.entry_kind,
        journal.account,
        journal.order_id,
        journal.return_id,
        journal.payment_id,
        journal.payout_id,
        journal.sku,
        journal.currency,
        journal.debit_amount,
        journal.credit_amount,
        journal.debit_amount_reporting,
        journal.credit_amount_reporting,
        journal.business_date
    from journal
)

select * from final
