-- Orders without customer id and e-mail belong to no customer.
with customers as (
    select
        coalesce(sum(customers.orders_count), 0) as orders_count,
        coalesce(sum(customers.shipped_quantity), 0) as shipped_quantity
    from {{ ref('dim_customers') }} as customers
),

orders as (
    select
        count(*) as orders_count,
        coalesce(sum(orders.shipped_quantity), 0) as shipped_quantity
    from {{ ref('fct_orders') }} as orders
    where {{ is_identified('orders.customer_key') }}
)

select
    customers.orders_count,
    customers.shipped_quantity,
    orders.orders_count as expected_orders_count,
    orders.shipped_quantity as expected_shipped_quantity
from customers
cross join orders
where
    customers.orders_count <> orders.orders_count
    or customers.shipped_quantity <> orders.shipped_quantity
