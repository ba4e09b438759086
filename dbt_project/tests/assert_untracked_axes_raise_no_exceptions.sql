select
    exceptions.order_id,
    exceptions.code
from {{ ref('int_exceptions') }} as exceptions
inner join {{ ref('int_order_states') }} as order_states on exceptions.order_id = order_states.order_id
where
    (
        exceptions.code in ('unpaid', 'payment_mismatch', 'cancelled_not_refunded', 'paid_not_shipped', 'received_not_refunded')
        and not order_states.is_paid_tracked
    )
    or (
        exceptions.code in ('late', 'stuck_in_transit')
        and not order_states.is_delivery_tracked
    )
    or (
        exceptions.code in ('paid_not_shipped', 'return_exceeds_shipment')
        and not order_states.is_shipment_tracked
    )
    or (
        exceptions.code = 'refund_without_return'
        and not order_states.is_return_tracked
    )
    or (
        exceptions.code = 'backordered'
        and not order_states.is_stock_tracked
    )
