-- Every current payment event except those of test orders is in the ledger, and its cash equals the cash of the orders.
with payments as (
    select
        payments.currency,
        count(*) as payments_count,
        sum(payments.amount) as amount,
        sum(coalesce(payments.fee_amount, 0)) as fee_amount
    from {{ ref('stg_payments') }} as payments
    left join {{ ref('stg_orders') }} as orders
        on
            payments.order_id = orders.order_id
            and orders.is_current
    where
        payments.is_current
        and coalesce(not orders.is_test, true)
    group by payments.currency
),

ledger as (
    select
        currency,
        count(*) as payments_count,
        sum(amount) as amount,
        sum(fee_amount) as fee_amount
    from {{ ref('int_payment_ledger') }}
    group by currency
),

cash as (
    select
        order_currency as currency,
        sum(signed_amount_order_currency) as amount
    from {{ ref('int_payment_ledger') }}
    group by order_currency
),

sums as (
    select
        currency,
        sum(captured_amount - paid_back_amount - disputed_amount) as amount
    from {{ ref('int_order_payments') }}
    group by currency
)

select
    'payments' as what,
    coalesce(payments.currency, ledger.currency) as currency,
    payments.amount as expected_amount,
    ledger.amount as found_amount
from payments
full outer join ledger on payments.currency = ledger.currency
where
    payments.payments_count is distinct from ledger.payments_count
    or payments.amount is distinct from ledger.amount
    or payments.fee_amount is distinct from ledger.fee_amount
union all
select
    'orders' as what,
    coalesce(cash.currency, sums.currency) as currency,
    cash.amount as expected_amount,
    sums.amount as found_amount
from cash
full outer join sums on cash.currency = sums.currency
where coalesce(cash.amount, 0) <> coalesce(sums.amount, 0)
