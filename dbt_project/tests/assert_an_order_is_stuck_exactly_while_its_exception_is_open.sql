-- A stuck parcel is one thing: the flag of the order and the exception say the same.
select
    coalesce(stuck_orders.order_id, stuck_exceptions.order_id) as order_id
from (
    select orders.order_id
    from {{ ref('fct_orders') }} as orders
    where orders.is_stuck
) as stuck_orders
full outer join (
    select exceptions.order_id
    from {{ ref('fct_exceptions') }} as exceptions
    where exceptions.code = 'stuck_in_transit'
) as stuck_exceptions on stuck_orders.order_id = stuck_exceptions.order_id
where
    stuck_orders.order_id is null
    or stuck_exceptions.order_id is null
