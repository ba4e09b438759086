-- Gross less discount is net. If all units are kept, the amounts are those ordered; if none are kept, they are zero;
-- otherwise they are not greater than those ordered.
select
    order_lines.order_id,
    order_lines.line_id
from {{ ref('fct_order_lines') }} as order_lines
where
    order_lines.ordered_net_amount <> order_lines.ordered_gross_amount - order_lines.ordered_discount_amount
    or order_lines.net_amount <> order_lines.gross_amount - order_lines.discount_amount
    or (
        order_lines.cancelled_quantity = 0
        and (
            order_lines.gross_amount <> order_lines.ordered_gross_amount
            or order_lines.discount_amount <> order_lines.ordered_discount_amount
            or order_lines.tax_amount <> order_lines.ordered_tax_amount
        )
    )
    or (
        order_lines.ordered_quantity > 0
        and order_lines.cancelled_quantity = order_lines.ordered_quantity
        and (order_lines.gross_amount <> 0 or order_lines.discount_amount <> 0 or order_lines.tax_amount <> 0)
    )
    or order_lines.gross_amount > order_lines.ordered_gross_amount + 1
