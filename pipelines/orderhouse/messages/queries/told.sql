-- What every kind needs beside its own facts: the order's id for links, items, and the customer's token and language.
, wanted as (
    select *
    from found
    where
        occurred_at >= $since
        and ($subjects is null or subject_id in (select unnest($subjects)))
        and ($order_id is null or order_id = $order_id)
),

items as (
    select
        lines.order_id,
        lines.line_id,
        lines.sku,
        case wanted.counted
            when 'ordered' then lines.ordered_quantity - lines.cancelled_quantity
            when 'backordered' then lines.backordered_quantity
            when 'cancelled' then lines.cancelled_quantity
        end as quantity
    from ops.order_lines as lines
    inner join wanted on lines.order_id = wanted.order_id
    where wanted.counted is not null
),

items_of_orders as (
    select
        items.order_id,
        to_json(list(struct_pack(name := coalesce(products.name, items.sku), quantity := items.quantity)
            order by items.line_id)) as items
    from items
    left join products on items.sku = products.sku
    where items.quantity > 0
    group by items.order_id
)

select
    wanted.subject_id,
    wanted.occasion,
    wanted.order_id,
    wanted.occurred_at,
    wanted.payload::varchar as payload,
    items_of_orders.items::varchar as items,
    orders.tracking_id,
    orders.currency,
    orders.legal_entity,
    orders.ship_country as country,
    coalesce(orders.customer_token, customers.email_token) as recipient,
    customers.language,
    wanted.is_silenced,
    coalesce(customers.has_marketing_consent, false) as has_consent
from wanted
inner join ops.orders as orders on wanted.order_id = orders.order_id
left join items_of_orders on wanted.order_id = items_of_orders.order_id
left join marts.dim_customers as customers on orders.customer_key = customers.customer_key
order by wanted.occurred_at, wanted.subject_id, wanted.occasion
