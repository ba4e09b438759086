-- By the placed recognition clock, without gift cards, and without tax where prices include it.
with order_lines as (
    select
        order_lines.placed_date,
        order_lines.currency,
        sum(case when {{ is_free_of_charge('orders') }} then 0 else order_lines.kept_quantity end) as units_quantity,
        sum(order_lines.net_amount - case when order_lines.prices_include_tax then order_lines.tax_amount else 0 end) as net_amount,
        sum(order_lines.discount_amount) as discounts_amount,
        sum(case when order_lines.prices_include_tax then order_lines.discount_amount else 0 end) as taxed_discounts_amount
    from {{ ref('int_order_lines') }} as order_lines
    inner join {{ ref('int_order_states') }} as orders on order_lines.order_id = orders.order_id
    where
        not order_lines.is_gift_card
        and order_lines.kept_quantity > 0
    group by
        order_lines.placed_date,
        order_lines.currency
),

revenue as (
    select
        business_date,
        currency,
        sum(units_quantity) as units_quantity,
        sum(discounts_amount) as discounts_amount,
        sum(gross_sales_amount - discounts_amount) as net_amount
    from {{ ref('fct_revenue_daily') }}
    where recognition_clock = 'placed'
    group by
        business_date,
        currency
)

select
    coalesce(order_lines.placed_date, revenue.business_date) as business_date,
    coalesce(order_lines.currency, revenue.currency) as currency,
    order_lines.net_amount as lines_amount,
    revenue.net_amount as revenue_amount
from order_lines
full outer join revenue
    on
        order_lines.placed_date = revenue.business_date
        and order_lines.currency = revenue.currency
where
    coalesce(order_lines.units_quantity, 0) <> coalesce(revenue.units_quantity, 0)
    or coalesce(order_lines.net_amount, 0) <> coalesce(revenue.net_amount, 0)
    or coalesce(revenue.discounts_amount, 0)
    not between coalesce(order_lines.discounts_amount - order_lines.taxed_discounts_amount, 0)
    and coalesce(order_lines.discounts_amount, 0)
