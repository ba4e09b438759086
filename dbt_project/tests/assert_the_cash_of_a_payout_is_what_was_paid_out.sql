-- Per payout and currency. A payout that failed, or whose day nobody has said, has brought no cash.
with journal as (
    select
        payout_id,
        currency,
        sum(debit_amount - credit_amount) as amount
    from {{ ref('fct_journal') }}
    where
        account = 'cash'
        and payout_id is not null
    group by
        payout_id,
        currency
),

payouts as (
    select
        payout_id,
        currency,
        sum(payout_amount) as amount
    from {{ ref('fct_payout_reconciliation') }}
    where
        payout_status not in ('failed', 'cancelled')
        and (payout_at is not null or payout_status <> 'not_stated')
    group by
        payout_id,
        currency
)

select
    coalesce(journal.payout_id, payouts.payout_id) as payout_id,
    coalesce(journal.currency, payouts.currency) as currency,
    journal.amount as journal_amount,
    payouts.amount as payout_amount
from journal
full outer join payouts
    on
        journal.payout_id = payouts.payout_id
        and journal.currency = payouts.currency
where coalesce(journal.amount, 0) <> coalesce(payouts.amount, 0)
