-- Disputed money of an order is at least 0 and at most what its disputes took, won ones aside.
with ledger as (
    select
        order_id,
        sum(status_amount_order_currency) as taken_amount
    from {{ ref('int_payment_ledger') }}
    where kind in ('disputed', 'dispute_lost')
    group by order_id
),

order_payments as (
    select * from {{ ref('int_order_payments') }}
)

select
    order_payments.order_id,
    order_payments.disputed_amount,
    ledger.taken_amount
from order_payments
left join ledger on order_payments.order_id = ledger.order_id
where
    order_payments.disputed_amount < 0
    or order_payments.disputed_amount > coalesce(ledger.taken_amount, 0)
