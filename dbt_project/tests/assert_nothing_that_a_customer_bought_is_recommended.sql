with bought as (
    select distinct
        orders.customer_key,
        order_lines.sku
    from {{ ref('fct_order_lines') }} as order_lines
    inner join {{ ref('fct_orders') }} as orders on order_lines.order_id = orders.order_id
    where order_lines.ordered_quantity > order_lines.cancelled_quantity
)

select
    recommendations.customer_key,
    recommendations.sku
from {{ ref('fct_recommendations') }} as recommendations
inner join bought
    on
        recommendations.customer_key = bought.customer_key
        and recommendations.sku = bought.sku
