with pairs as (
    select * from {{ ref('fct_product_affinity') }}
)

select
    one.sku,
    one.other_sku,
    one.orders_count,
    other.orders_count as orders_in_the_other_direction_count
from pairs as one
left join pairs as other
    on
        one.sku = other.other_sku
        and one.other_sku = other.sku
where
    one.orders_count is distinct from other.orders_count
    or one.lift is distinct from other.lift
    or one.orders_count > one.sku_orders_count
    or one.sku_orders_count > one.all_orders_count
