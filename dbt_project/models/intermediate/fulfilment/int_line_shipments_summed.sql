{# Shipped units of each order line, by what became of their parcels. #}
{{ config(materialized='ephemeral', step_of='int_order_lines_counted') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

final as (
    select
        shipment_lines.order_id,
        shipment_lines.line_id,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome in ('on_the_way', 'delivered')), 0)
            as shipped_quantity,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome = 'delivered'), 0) as delivered_quantity,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome = 'lost'), 0) as lost_quantity,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome = 'carrier_returned'), 0)
            as carrier_returned_quantity,
        min(shipment_lines.shipped_at) filter (where shipment_lines.outcome <> 'cancelled') as first_shipped_at,
        max(shipment_lines.shipped_at) filter (where shipment_lines.outcome <> 'cancelled') as last_shipped_at,
        max(shipment_lines.delivered_at) as last_delivered_at,
        min(coalesce(shipment_lines.lost_at, shipment_lines.returned_at))
            filter (where shipment_lines.outcome in ('lost', 'carrier_returned')) as first_loss_at
    from shipment_lines
    where {{ is_touched('shipment_lines.order_id', touched) }}
    group by
        shipment_lines.order_id,
        shipment_lines.line_id
)

select * from final
