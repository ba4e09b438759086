-- is_unpaid of the order and the exception `unpaid` are one condition, about one amount, also in the reporting currency.
with orders as (
    select
        order_id,
        is_unpaid,
        owed_to_us_amount_reporting
    from {{ ref('fct_orders') }}
),

exceptions as (
    select
        order_id,
        amount_at_stake_reporting
    from {{ ref('fct_exceptions') }}
    where code = 'unpaid'
)

select
    coalesce(orders.order_id, exceptions.order_id) as order_id,
    orders.is_unpaid,
    exceptions.order_id is not null as is_exception,
    orders.owed_to_us_amount_reporting,
    exceptions.amount_at_stake_reporting
from orders
full outer join exceptions on orders.order_id = exceptions.order_id
where
    coalesce(orders.is_unpaid, false) <> (exceptions.order_id is not null)
    or (orders.is_unpaid and orders.owed_to_us_amount_reporting is distinct from exceptions.amount_at_stake_reporting)
