-- Units of parcels on their way or delivered count as shipped, of lost parcels as lost, of returned parcels as returned.
-- Units of cancelled parcels do not count.
with shipped as (
    select
        shipment_lines.order_id,
        shipment_lines.line_id,
        sum(case when shipment_lines.outcome <> 'cancelled' then shipment_lines.quantity else 0 end) as left_quantity
    from {{ ref('int_shipment_lines') }} as shipment_lines
    group by
        shipment_lines.order_id,
        shipment_lines.line_id
)

select
    order_lines.order_id,
    order_lines.line_id
from {{ ref('fct_order_lines') }} as order_lines
left join shipped
    on
        order_lines.order_id = shipped.order_id
        and order_lines.line_id = shipped.line_id
where
    order_lines.shipped_quantity + order_lines.lost_quantity + order_lines.carrier_returned_quantity
    <> coalesce(shipped.left_quantity, 0)
