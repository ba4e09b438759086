-- In the reporting currency an entry of two currencies balances as a whole. Only entries with a currency that is off, or without
-- a rate, are added up again.
with unbalanced as (
    select
        entry_id,
        currency,
        sum(debit_amount) as debit_amount,
        sum(credit_amount) as credit_amount,
        sum(debit_amount_reporting) as debit_amount_reporting,
        sum(credit_amount_reporting) as credit_amount_reporting,
        count(*) as rows_count,
        count(debit_amount_reporting) as rated_rows_count
    from {{ ref('fct_journal') }}
    group by
        entry_id,
        currency
    having
        sum(debit_amount) <> sum(credit_amount)
        or sum(debit_amount_reporting) is distinct from sum(credit_amount_reporting)
        or count(*) <> count(debit_amount_reporting)
)

select
    entry_id,
    currency,
    debit_amount,
    credit_amount
from unbalanced
where debit_amount <> credit_amount
union all
select
    entry_id,
    '{{ var("reporting_currency") }}' as currency,
    sum(debit_amount_reporting) as debit_amount,
    sum(credit_amount_reporting) as credit_amount
from unbalanced
group by entry_id
having
    sum(debit_amount_reporting) <> sum(credit_amount_reporting)
    and sum(rows_count) = sum(rated_rows_count)
