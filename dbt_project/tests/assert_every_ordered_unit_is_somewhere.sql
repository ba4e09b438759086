-- Ordered = cancelled + shipped + held + allocated + backordered + not tracked, unless more was shipped than ordered.
select
    order_lines.order_id,
    order_lines.line_id
from {{ ref('fct_order_lines') }} as order_lines
where
    not order_lines.is_over_shipped
    and order_lines.ordered_quantity <> order_lines.cancelled_quantity + order_lines.shipped_quantity
    + order_lines.held_quantity + order_lines.allocated_quantity + order_lines.backordered_quantity
    + order_lines.not_tracked_quantity
