-- The revenue of an order by the placed recognition clock equals its amount due without gift cards, and counts the order
-- at most once.
with sales as (
    select
        order_id,
        sum(orders_count) as orders_count,
        sum(goods_quantity) as units_quantity,
        sum(gross_sales_amount - discounts_amount + tax_amount + shipping_amount) as amount
    from {{ ref('int_revenue_sales') }}
    group by order_id
),

gift_cards as (
    select
        order_id,
        sum(kept_quantity) as units_quantity,
        sum(net_amount + case when prices_include_tax then 0 else tax_amount end) as amount
    from {{ ref('int_order_lines') }}
    where is_gift_card
    group by order_id
)

select
    order_states.order_id,
    order_states.due_amount,
    gift_cards.amount as gift_cards_amount,
    sales.amount as recognised_amount,
    sales.orders_count
from {{ ref('int_order_states') }} as order_states
left join sales on order_states.order_id = sales.order_id
left join gift_cards on order_states.order_id = gift_cards.order_id
where
    order_states.due_amount <> coalesce(gift_cards.amount, 0) + coalesce(sales.amount, 0)
    or order_states.ordered_quantity - order_states.cancelled_quantity
    <> coalesce(gift_cards.units_quantity, 0) + coalesce(sales.units_quantity, 0)
    or sales.orders_count > 1
