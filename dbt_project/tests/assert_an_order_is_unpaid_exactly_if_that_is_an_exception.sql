-- is_unpaid of the order and the exception `unpaid` are one condition.
with orders as (
    select
        order_id,
        is_unpaid
    from {{ ref('fct_orders') }}
),

exceptions as (
    select order_id
    from {{ ref('fct_exceptions') }}
    where code = 'unpaid'
)

select
    coalesce(orders.order_id, exceptions.order_id) as order_id,
    orders.is_unpaid,
    exceptions.order_id is not null as is_exception
from orders
full outer join exceptions on orders.order_id = exceptions.order_id
where coalesce(orders.is_unpaid, false) <> (exceptions.order_id is not null)
