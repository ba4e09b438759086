-- One row per order that is late now. Another new day is another occasion; the same day again is not.
select
    orders.order_id as subject_id,
    coalesce(strftime(estimates.new_at, '%Y-%m-%d'), '') as occasion,
    orders.order_id,
    orders.late_at as occurred_at,
    null as counted,
    false as is_silenced,
    to_json(struct_pack(
        promised_at := instant(orders.current_promised_at),
        new_at := instant(estimates.new_at)
    )) as payload
from ops.orders as orders
left join (
    select order_id, max(estimated_delivery_at) as new_at
    from marts.fct_shipments
    where outcome = 'on_the_way' and not is_orphan and estimated_delivery_at > $as_of
    group by order_id
) as estimates on orders.order_id = estimates.order_id
where orders.is_late and orders.order_status <> 'cancelled'
