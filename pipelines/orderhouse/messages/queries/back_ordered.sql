-- One row per order with items that wait for stock. It began when the exception of the order was opened.
select
    orders.order_id as subject_id,
    '' as occasion,
    orders.order_id,
    exceptions.opened_at as occurred_at,
    'backordered' as counted,
    false as is_silenced,
    to_json(struct_pack(
        promised_at := case when orders.current_promised_at > $as_of then instant(orders.current_promised_at) end
    )) as payload
from ops.orders as orders
inner join (
    select order_id, min(opened_at) as opened_at
    from ops.exceptions
    where code = 'backordered' and resolved_at is null
    group by order_id
) as exceptions on orders.order_id = exceptions.order_id
where orders.backordered_quantity > 0 and orders.order_status <> 'cancelled'
