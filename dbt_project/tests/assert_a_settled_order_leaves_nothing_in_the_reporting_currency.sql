-- An account of an order that is empty in its currency is empty in the reporting currency. Amounts without a rate are left out.
select
    order_id,
    account,
    currency,
    sum(debit_amount_reporting - credit_amount_reporting) as amount_reporting
from {{ ref('fct_journal') }}
where account in ('accounts_receivable', 'deferred_revenue')
group by
    order_id,
    account,
    currency
having
    sum(debit_amount - credit_amount) = 0
    and sum(debit_amount_reporting - credit_amount_reporting) <> 0
    and count(*) = count(debit_amount_reporting)
    and order_id is not null
