-- By the placed recognition clock, without gift cards, and without tax where prices include it.
with order_lines as (
    select
        placed_date,
        currency,
        sum(kept_quantity) as units_quantity,
        sum(discount_amount) as discounts_amount,
        sum(net_amount - case when prices_include_tax then tax_amount else 0 end) as net_amount
    from {{ ref('int_order_lines') }}
    where
        not is_gift_card
        and kept_quantity > 0
    group by
        placed_date,
        currency
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
    or coalesce(order_lines.discounts_amount, 0) <> coalesce(revenue.discounts_amount, 0)
    or coalesce(order_lines.net_amount, 0) <> coalesce(revenue.net_amount, 0)
