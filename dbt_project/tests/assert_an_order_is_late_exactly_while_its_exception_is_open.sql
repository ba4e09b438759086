-- Late now is one thing: the flag of the order and the exception say the same.
select
    coalesce(late_orders.order_id, late_exceptions.order_id) as order_id
from (
    select orders.order_id
    from {{ ref('fct_orders') }} as orders
    where orders.is_late
) as late_orders
full outer join (
    select exceptions.order_id
    from {{ ref('fct_exceptions') }} as exceptions
    where exceptions.code = 'late'
) as late_exceptions on late_orders.order_id = late_exceptions.order_id
where
    late_orders.order_id is null
    or late_exceptions.order_id is null
