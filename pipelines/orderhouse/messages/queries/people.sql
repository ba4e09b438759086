-- Who is told by rules: one row per order, or per customer where a rule looks at customers.
select
    orders.order_id as key,
    orders.order_id,
    orders.tracking_id,
    orders.currency,
    orders.legal_entity,
    orders.ship_country as country,
    coalesce(orders.customer_token, customers.email_token) as recipient,
    customers.language,
    coalesce(customers.has_marketing_consent, false) as has_consent
from ops.orders as orders
left join marts.dim_customers as customers on orders.customer_key = customers.customer_key
where $by = 'order' and orders.order_id in (select unnest($keys))
union all
select
    customer_key,
    null,
    null,
    null,
    null,
    null,
    email_token,
    language,
    coalesce(has_marketing_consent, false)
from marts.dim_customers
where $by = 'customer' and customer_key in (select unnest($keys))
