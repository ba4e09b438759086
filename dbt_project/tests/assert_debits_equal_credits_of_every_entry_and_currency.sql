-- In the reporting currency an entry of two currencies balances as a whole.
select
    entry_id,
    currency,
    sum(debit_amount) as debit_amount,
    sum(credit_amount) as credit_amount
from {{ ref('fct_journal') }}
group by
    entry_id,
    currency
having sum(debit_amount) <> sum(credit_amount)
union all
select
    entry_id,
    '{{ var("reporting_currency") }}' as currency,
    sum(debit_amount_reporting) as debit_amount,
    sum(credit_amount_reporting) as credit_amount
from {{ ref('fct_journal') }}
group by entry_id
having
    sum(debit_amount_reporting) <> sum(credit_amount_reporting)
    and count(*) = count(debit_amount_reporting)
