select
    order_lines.order_id,
    order_lines.line_id
from {{ ref('fct_order_lines') }} as order_lines
where
    order_lines.open_quantity <> order_lines.held_quantity + order_lines.allocated_quantity
    + order_lines.backordered_quantity + order_lines.not_tracked_quantity
    or order_lines.open_quantity < 0
    or order_lines.allocated_quantity < 0
    or order_lines.backordered_quantity < 0
    or order_lines.cancelled_quantity < 0
    or order_lines.delivered_quantity > order_lines.shipped_quantity
