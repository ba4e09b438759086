{# SKUs whose level is below zero, since the first movement after which it stayed there. #}
{{ config(materialized='ephemeral') }}

with movements as (
    select * from {{ ref('int_stock_movements') }}
),

on_hand as (
    select * from {{ ref('int_stock_on_hand') }}
    where on_hand_quantity < 0
),

levels as (
    select
        movements.sku,
        movements.warehouse_id,
        movements.occurred_at,
        sum(movements.quantity) over (
            partition by movements.sku, movements.warehouse_id
            order by movements.occurred_at
            range between unbounded preceding and current row
        ) as level_quantity
    from movements
    inner join on_hand
        on
            movements.sku = on_hand.sku
            and movements.warehouse_id = on_hand.warehouse_id
),

last_good_levels as (
    select
        levels.sku,
        levels.warehouse_id,
        max(case when levels.level_quantity >= 0 then levels.occurred_at end) as last_good_at
    from levels
    group by levels.sku, levels.warehouse_id
),

negative_since as (
    select
        levels.sku,
        levels.warehouse_id,
        min(levels.occurred_at) as opened_at
    from levels
    inner join last_good_levels
        on
            levels.sku = last_good_levels.sku
            and levels.warehouse_id = last_good_levels.warehouse_id
    where last_good_levels.last_good_at is null or levels.occurred_at > last_good_levels.last_good_at
    group by levels.sku, levels.warehouse_id
),

final as (
    select
        on_hand.sku,
        'negative_stock' as code,
        min(negative_since.opened_at) as opened_at,
        -sum(on_hand.on_hand_quantity) as units,
        concat(
            'Level below zero at ', {{ counted_with_example('count(*)', 'warehouse', 'min(on_hand.warehouse_id)') }}
        ) as detail
    from on_hand
    inner join negative_since
        on
            on_hand.sku = negative_since.sku
            and on_hand.warehouse_id = negative_since.warehouse_id
    group by on_hand.sku
)

select * from final
