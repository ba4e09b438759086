-- One row per order that arrived as a whole, with nothing returned, and about which its customer has said nothing yet.
select
    orders.order_id as subject_id,
    '' as occasion,
    orders.order_id,
    orders.delivered_at as occurred_at,
    null as counted,
    false as is_silenced,
    to_json(struct_pack(delivered_at := instant(orders.delivered_at))) as payload
from ops.orders as orders
where
    orders.delivered_at is not null
    and orders.order_status in ('confirmed', 'closed')
    and orders.open_quantity = 0
    and orders.return_status = 'none'
    and not coalesce(orders.has_delivery_problem, false)
    and not exists (select 1 from marts.fct_feedback as feedback where feedback.order_id = orders.order_id)
