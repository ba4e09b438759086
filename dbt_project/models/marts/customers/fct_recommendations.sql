{# Products that go with what a customer bought: not bought yet, active, and to be promised where stock is tracked. #}
{{ config(materialized='view') }}

with order_lines as (
    select * from {{ published_ref('fct_order_lines') }}
    where ordered_quantity > cancelled_quantity
),

orders as (
    select * from {{ published_ref('fct_orders') }}
),

affinity as (
    select * from {{ published_ref('fct_product_affinity') }}
    where lift > 1
    qualify row_number() over (
        partition by sku order by confidence_rate desc nulls last, lift desc nulls last, other_sku nulls last
    ) <= {{ var('recommendations_per_sku') }}
),

products as (
    select * from {{ published_ref('dim_products') }}
    where is_active
),

positions as (
    select * from {{ published_ref('fct_inventory_positions') }}
    where position_level = 'network'
),

bought as (
    select distinct
        orders.customer_key,
        order_lines.sku
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    where {{ is_identified('orders.customer_key') }}
),

offered as (
    select products.sku
    from products
    left join positions on products.sku = positions.sku
    where positions.sku is null or positions.available_to_promise_quantity > 0
),

best as (
    select
        bought.customer_key,
        affinity.other_sku as sku,
        affinity.sku as bought_sku,
        affinity.confidence_rate,
        affinity.lift
    from bought
    inner join affinity on bought.sku = affinity.sku
    inner join offered on affinity.other_sku = offered.sku
    left join bought as already
        on
            bought.customer_key = already.customer_key
            and affinity.other_sku = already.sku
    where already.sku is null
    qualify row_number() over (
        partition by bought.customer_key, affinity.other_sku
        order by affinity.confidence_rate desc nulls last, affinity.lift desc nulls last, affinity.sku nulls last
    ) = 1
),

ranked as (
    select
        best.*,
        row_number() over (
            partition by best.customer_key
            order by best.confidence_rate desc nulls last, best.lift desc nulls last, best.sku nulls last
        ) as recommendation_number
    from best
),

final as (
    select
        ranked.customer_key,
        ranked.sku,
        ranked.bought_sku,
        cast(ranked.recommendation_number as {{ dbt.type_bigint() }}) as recommendation_number,
        ranked.confidence_rate,
        ranked.lift
    from ranked
    where ranked.recommendation_number <= {{ var('recommendations_count') }}
)

select * from final
