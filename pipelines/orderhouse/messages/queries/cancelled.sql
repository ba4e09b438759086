-- One row per order with cancelled items. Each larger number of them is an occasion, and so is the whole order. An operator
-- who asked not to tell has decided about what was cancelled until then, and about the row by which the source confirms it.
select
    orders.order_id as subject_id,
    case when orders.order_status = 'cancelled' then 'whole' else 'part ' || orders.cancelled_quantity end as occasion,
    orders.order_id,
    coalesce(orders.cancelled_at, lines.cancelled_at) as occurred_at,
    'cancelled' as counted,
    coalesce(
        not acts.tells_customer and coalesce(orders.cancelled_at, lines.cancelled_at) <= acts.until_at,
        false
    ) as is_silenced,
    to_json(struct_pack(is_whole := orders.order_status = 'cancelled')) as payload
from ops.orders as orders
left join (
    select order_id, max(cancelled_at) as cancelled_at
    from ops.order_lines
    where cancelled_quantity > 0
    group by order_id
) as lines on orders.order_id = lines.order_id
left join (
    select
        order_id,
        tells_customer,
        greatest(occurred_at, coalesce(confirmed_at, occurred_at)) as until_at
    from ops.actions
    where kind in ('cancel', 'cancel_line') and is_accepted
    qualify row_number() over (partition by order_id order by occurred_at desc, action_id desc) = 1
) as acts on orders.order_id = acts.order_id
where
    (orders.order_status = 'cancelled' or orders.cancelled_quantity > 0)
    and coalesce(orders.cancelled_at, lines.cancelled_at) is not null
