-- An exception about missing or missing-back money, and an open break, need money that is owed beyond the tolerance.
with exceptions as (
    select
        order_id,
        code
    from {{ ref('fct_exceptions') }}
    where code in ('unpaid', 'payment_mismatch', 'cancelled_not_refunded', 'received_not_refunded')
),

orders as (
    select * from {{ ref('fct_orders') }}
),

reconciliation as (
    select * from {{ ref('fct_payment_reconciliation') }}
    where
        is_open
        and break_type not in ('orphan_payment', 'missing_fx_rate')
),

raised as (
    select
        exceptions.order_id,
        exceptions.code
    from exceptions
    union all
    select
        reconciliation.order_id,
        'open break' as code
    from reconciliation
)

select
    raised.order_id,
    raised.code,
    orders.owed_to_us_amount,
    orders.owed_back_amount,
    orders.tolerance_amount
from raised
left join orders on raised.order_id = orders.order_id
where
    not coalesce(
        (orders.owed_to_us_amount > orders.tolerance_amount and raised.code in ('unpaid', 'payment_mismatch', 'open break'))
        or (orders.owed_back_amount > orders.tolerance_amount and raised.code <> 'unpaid'),
        false
    )
