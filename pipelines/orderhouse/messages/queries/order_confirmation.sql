-- One row per order that was placed and not cancelled.
select
    orders.order_id as subject_id,
    '' as occasion,
    orders.order_id,
    orders.placed_at as occurred_at,
    'ordered' as counted,
    false as is_silenced,
    to_json(struct_pack(
        amount := orders.due_amount::varchar,
        tax_amount := nullif(orders.tax_amount + orders.shipping_tax_amount, 0)::varchar,
        promised_at := instant(orders.current_promised_at)
    )) as payload
from ops.orders as orders
where orders.order_status <> 'cancelled' and orders.ordered_quantity > orders.cancelled_quantity
