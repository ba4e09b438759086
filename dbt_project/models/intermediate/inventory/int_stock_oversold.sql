{# SKUs with more units sold than stock and purchase orders can serve. #}
{{ config(materialized='ephemeral') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

allocations as (
    select * from {{ ref('int_line_allocations') }}
    where backordered_quantity > 0
),

line_allocations as (
    select
        allocations.order_id,
        allocations.line_id,
        allocations.sku,
        sum(allocations.backordered_quantity) as backordered_quantity
    from allocations
    group by allocations.order_id, allocations.line_id, allocations.sku
),

positions as (
    select * from {{ ref('int_stock_positions') }}
    where warehouse_id is null
),

waiting_lines as (
    select
        line_allocations.sku,
        line_allocations.backordered_quantity,
        order_lines.placed_at,
        coalesce(positions.incoming_quantity, 0) as incoming_quantity,
        sum(line_allocations.backordered_quantity) over (
            partition by line_allocations.sku
            order by order_lines.placed_at, line_allocations.order_id, line_allocations.line_id
            rows between unbounded preceding and current row
        ) as waiting_quantity
    from line_allocations
    inner join order_lines
        on
            line_allocations.order_id = order_lines.order_id
            and line_allocations.line_id = order_lines.line_id
    left join positions on line_allocations.sku = positions.sku
),

final as (
    select
        waiting_lines.sku,
        'oversold' as code,
        min(waiting_lines.placed_at) as opened_at,
        sum(least(waiting_lines.backordered_quantity, waiting_lines.waiting_quantity - waiting_lines.incoming_quantity))
            as units,
        concat(
            'More units sold than on hand and incoming; ',
            {{ counted('count(*)', 'order line waits in vain', 'order lines wait in vain') }}
        ) as detail
    from waiting_lines
    where waiting_lines.waiting_quantity > waiting_lines.incoming_quantity
    group by waiting_lines.sku
)

select * from final
