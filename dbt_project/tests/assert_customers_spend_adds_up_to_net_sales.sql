-- The comparison is exact and per currency. Credit notes that name neither order nor customer belong to no customer.
with customers as (
    select
        customer_orders.currency,
        sum(customer_orders.gross_amount - customer_orders.discount_amount - customer_orders.returned_amount) as net_amount
    from {{ ref('int_customer_orders') }} as customer_orders
    group by customer_orders.currency
),

nobodys as (
    select
        returns.currency,
        sum(returns.returns_amount) as returns_amount
    from {{ ref('int_revenue_returns') }} as returns
    where
        returns.recognition_clock = 'placed'
        and not exists (
            select 1 from {{ ref('int_customer_orders') }} as customer_orders
            where customer_orders.subject_id = returns.subject_id
        )
    group by returns.currency
),

revenue as (
    select
        revenue.currency,
        sum(revenue.net_sales_amount) as net_amount
    from {{ ref('fct_revenue_daily') }} as revenue
    where revenue.recognition_clock = 'placed'
    group by revenue.currency
)

select
    coalesce(customers.currency, revenue.currency) as currency,
    customers.net_amount,
    nobodys.returns_amount,
    revenue.net_amount as revenue_net_amount
from customers
full outer join revenue on customers.currency = revenue.currency
left join nobodys on coalesce(customers.currency, revenue.currency) = nobodys.currency
where coalesce(customers.net_amount, 0) - coalesce(nobodys.returns_amount, 0) <> coalesce(revenue.net_amount, 0)
