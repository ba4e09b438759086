-- One row per order with cancelled items. Each larger number of them is an occasion, and so is the whole order.
select
    orders.order_id as subject_id,
    case when orders.order_status = 'cancelled' then 'whole' else 'part ' || orders.cancelled_quantity end as occasion,
    orders.order_id,
    coalesce(orders.cancelled_at, lines.cancelled_at) as occurred_at,
    'cancelled' as counted,
    to_json(struct_pack(is_whole := orders.order_status = 'cancelled')) as payload
from ops.orders as orders
left join (
    select order_id, max(cancelled_at) as cancelled_at
    from ops.order_lines
    where cancelled_quantity > 0
    group by order_id
) as lines on orders.order_id = lines.order_id
where
    (orders.order_status = 'cancelled' or orders.cancelled_quantity > 0)
    and coalesce(orders.cancelled_at, lines.cancelled_at) is not null
