-- The changes of an order add up to what it says on the clock's day. Amounts without a rate are left out.
with receivables as (
    select
        owed.order_id,
        sum(owed.owed_change_amount_reporting) as owed_amount,
        sum(owed.unknown_change_count) as unknown_count
    from {{ ref('int_kpi_owed') }} as owed
    group by owed.order_id
),

orders as (
    select
        orders.order_id,
        orders.owed_to_us_amount_reporting as owed_amount
    from {{ ref('fct_orders') }} as orders
    where orders.is_paid_tracked and (orders.shipped_quantity > 0 or orders.payment_terms = 'invoice')
)

select
    coalesce(orders.order_id, receivables.order_id) as order_id,
    orders.owed_amount,
    receivables.owed_amount as receivable_amount
from orders
full outer join receivables on orders.order_id = receivables.order_id
where
    coalesce(receivables.unknown_count, 0) = 0
    and coalesce(orders.owed_amount, 0) <> coalesce(receivables.owed_amount, 0)
