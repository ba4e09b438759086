-- One row per return whose items have arrived.
select
    returns.return_id as subject_id,
    '' as occasion,
    any_value(returns.order_id) as order_id,
    min(returns.received_at) as occurred_at,
    null as counted,
    false as is_silenced,
    to_json(struct_pack(
        items := list(struct_pack(
            name := coalesce(products.name, returns.sku), quantity := returns.received_quantity
        ) order by returns.line_id)
    )) as payload
from ops.returns as returns
left join products on returns.sku = products.sku
where
    not returns.is_credit_note
    and returns.received_at is not null
    and returns.received_quantity > 0
    and returns.cancelled_at is null
group by returns.return_id
