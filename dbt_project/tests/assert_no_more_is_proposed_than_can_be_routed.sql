-- Proposals of a SKU and warehouse are at most the stock that routing may promise, and those of a line at most its open units.
with proposals as (
    select * from {{ ref('fct_routing_proposals') }}
),

stock as (
    select * from {{ ref('int_routing_stock') }}
),

order_lines as (
    select * from {{ ref('fct_order_lines') }}
),

places as (
    select
        proposals.sku,
        proposals.warehouse_id,
        sum(proposals.quantity) as quantity
    from proposals
    group by proposals.sku, proposals.warehouse_id
),

lines as (
    select
        proposals.order_id,
        proposals.line_id,
        sum(proposals.quantity) as quantity
    from proposals
    group by proposals.order_id, proposals.line_id
),

final as (
    select
        places.sku as subject,
        places.quantity
    from places
    left join stock
        on
            places.sku = stock.sku
            and places.warehouse_id = stock.warehouse_id
    where places.quantity > coalesce(stock.available_quantity, 0)
    union all
    select
        lines.order_id as subject,
        lines.quantity
    from lines
    left join order_lines
        on
            lines.order_id = order_lines.order_id
            and lines.line_id = order_lines.line_id
    where lines.quantity > coalesce(order_lines.open_quantity - order_lines.held_quantity, 0)
)

select * from final
