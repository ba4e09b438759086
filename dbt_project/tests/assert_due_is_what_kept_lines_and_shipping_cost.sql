select order_states.order_id
from {{ ref('int_order_states') }} as order_states
where
    order_states.due_amount
    <> order_states.net_amount + order_states.shipping_amount
    + case when order_states.prices_include_tax then 0 else order_states.tax_amount + order_states.shipping_tax_amount end
    or order_states.balance_amount
    <> order_states.due_amount - order_states.captured_amount + order_states.refunded_amount
