-- Per currency, for orders whose deliveries are tracked and that are not cancelled, returned or closed: their kept value less what
-- the delivered clock recognises, before returns.
with orders as (
    select
        orders.order_id,
        orders.currency,
        orders.due_amount
    from {{ ref('fct_orders') }} as orders
    where
        orders.is_delivery_tracked
        and orders.stage not in ('cancelled', 'returned', 'closed')
),

gift_cards as (
    select
        order_lines.order_id,
        sum(order_lines.net_amount + case when order_lines.prices_include_tax then 0 else order_lines.tax_amount end) as amount
    from {{ ref('int_order_lines') }} as order_lines
    where order_lines.is_gift_card
    group by order_lines.order_id
),

earned as (
    select
        events.order_id,
        sum(events.gross_sales_amount - events.discounts_amount + events.tax_amount + events.shipping_amount) as amount
    from {{ ref('int_revenue_events') }} as events
    where
        events.recognition_clock = 'delivered'
        and events.event_kind in ('sale', 'shipping')
    group by events.order_id
),

expected as (
    select
        orders.currency,
        sum(orders.due_amount - coalesce(gift_cards.amount, 0) - coalesce(earned.amount, 0)) as amount
    from orders
    left join gift_cards on orders.order_id = gift_cards.order_id
    left join earned on orders.order_id = earned.order_id
    group by orders.currency
),

found as (
    select
        pipeline.currency,
        sum(pipeline.total_sales_amount) as amount
    from {{ ref('fct_revenue_pipeline') }} as pipeline
    group by pipeline.currency
)

select
    coalesce(expected.currency, found.currency) as currency,
    expected.amount as expected_amount,
    found.amount as found_amount
from expected
full outer join found on expected.currency = found.currency
where coalesce(expected.amount, 0) <> coalesce(found.amount, 0)
