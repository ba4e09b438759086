-- Per currency: what is in transit and in the bank, the fees that were taken from it, and gift cards that were redeemed are what came
-- in less what went out. What a provider has paid out is no longer in transit.
with journal as (
    select
        currency,
        sum(debit_amount - credit_amount) as amount,
        sum(debit_amount_reporting - credit_amount_reporting) as amount_reporting,
        count(*) - count(debit_amount_reporting) as missing_rates_count,
        sum(case when account = 'fees' then debit_amount - credit_amount else 0 end) as fee_amount
    from {{ ref('fct_journal') }}
    where
        (account in ('cash', 'cash_in_transit', 'fees') and entry_kind <> 'payout_part')
        or (account = 'fx_difference' and entry_kind = 'payout')
        or (account = 'gift_card_liability' and entry_kind not in ('gift_card', 'gift_card_change'))
    group by currency
),

ledger as (
    select
        currency,
        sum(signed_amount) as amount,
        sum(case when signed_amount <> 0 then signed_amount_reporting else 0 end) as amount_reporting,
        sum(case when coalesce(method, '') <> 'gift_card' then fee_amount else 0 end) as fee_amount
    from {{ ref('fct_payment_ledger') }}
    group by currency
),

in_transit as (
    select
        journal.payment_id,
        sum(journal.debit_amount - journal.credit_amount) as amount
    from {{ ref('fct_journal') }} as journal
    where journal.account = 'cash_in_transit'
    group by journal.payment_id
)

select
    coalesce(journal.currency, ledger.currency) as subject,
    journal.amount as journal_amount,
    ledger.amount as ledger_amount
from journal
full outer join ledger on journal.currency = ledger.currency
where
    coalesce(journal.amount, 0) <> coalesce(ledger.amount, 0)
    or coalesce(journal.fee_amount, 0) <> coalesce(ledger.fee_amount, 0)
    or (
        coalesce(journal.missing_rates_count, 0) = 0
        and coalesce(journal.amount_reporting, 0) <> coalesce(ledger.amount_reporting, 0)
    )
union all
select
    payments.payment_id as subject,
    in_transit.amount as journal_amount,
    0 as ledger_amount
from {{ ref('fct_payment_ledger') }} as payments
inner join in_transit on payments.payment_id = in_transit.payment_id
where
    payments.payout_at is not null
    and in_transit.amount <> 0
