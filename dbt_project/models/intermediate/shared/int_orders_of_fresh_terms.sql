{#
  Orders that a newly received price or group of a customer may count for: those of the SKU, currency, days and customers of a
  price, those of the customers whose delivery window it sets, and those of customers who may have moved to another group.
#}
{{ config(materialized='ephemeral', step_of='int_touched_orders') }}
{%- set since = watermark() %}

with orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

price_lists as (
    select * from {{ ref('stg_price_lists') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

-- All versions of prices of which one arrived: an earlier one tells which lines had the price.
fresh_prices as (
    select price_lists.*
    from price_lists
    where exists (
        select 1 from price_lists as fresh
        where
            fresh._batch_id > {{ since }}
            and fresh.price_list_id = price_lists.price_list_id
            and fresh.sku = price_lists.sku
            and fresh.currency = price_lists.currency
            and fresh.valid_from = price_lists.valid_from
    )
),

final as (
    select orders.order_id from orders
    inner join order_lines on orders.order_id = order_lines.order_id
    inner join fresh_prices
        on
            order_lines.sku = fresh_prices.sku
            and orders.currency = fresh_prices.currency
            and {{ business_date('orders.placed_at') }} between fresh_prices.valid_from and fresh_prices.valid_until
    where
        fresh_prices.customer_id is null
        or fresh_prices.customer_id = orders.customer_id
    union
    -- The delivery window of a customer counts for every line of the customer.
    select orders.order_id from orders
    inner join fresh_prices on orders.customer_id = fresh_prices.customer_id
    where fresh_prices.has_window
    union
    select orders.order_id from orders
    inner join customers on orders.customer_id = customers.customer_id
    inner join fresh_prices on customers.customer_group = fresh_prices.customer_group
    where fresh_prices.has_window
    union
    -- A customer may have moved to another group.
    select orders.order_id from orders
    inner join customers on orders.customer_id = customers.customer_id
    where
        customers.customer_group is not null
        and customers.customer_id in (select fresh.customer_id from customers as fresh where fresh._batch_id > {{ since }})
        and exists (select 1 from price_lists where price_lists.customer_group is not null)
)

select * from final
