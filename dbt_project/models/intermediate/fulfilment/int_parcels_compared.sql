{# Shipped lines of each order, with the state of the parcel when they left. #}
{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

first_lines as (
    select
        shipment_lines.order_id,
        shipment_lines.shipment_id,
        min(shipment_lines.line_id) as line_id
    from shipment_lines
    inner join states on shipment_lines.order_id = states.order_id
    inner join shipments
        on
            shipment_lines.shipment_id = shipments.shipment_id
            and shipment_lines.order_id = shipments.order_id
            and shipment_lines.shipped_at = shipments.shipped_at
    group by
        shipment_lines.order_id,
        shipment_lines.shipment_id
),

seen as (
    select
        shipment_lines.*,
        first_lines.order_id is not null as is_first_line,
        {{ scans_seen('shipments', 'shipment_lines.shipped_at', '0', 'seen_') }}
    from shipment_lines
    inner join states on shipment_lines.order_id = states.order_id
    inner join shipments
        on
            shipment_lines.shipment_id = shipments.shipment_id
            and shipment_lines.order_id = shipments.order_id
    left join first_lines
        on
            shipment_lines.order_id = first_lines.order_id
            and shipment_lines.shipment_id = first_lines.shipment_id
            and shipment_lines.line_id is not distinct from first_lines.line_id
),

turned as (
    select
        seen.*,
        {{ before_event(customer_delivered_at('seen'), 'seen', 'seen_') }} as seen_customer_delivered_at,
        {{ before_event(back_at('seen'), 'seen', 'seen_') }} as seen_back_at
    from seen
),

final as (
    select
        turned.order_id,
        turned.shipment_id,
        turned.line_id,
        turned.sku,
        turned.warehouse_id,
        turned.quantity,
        turned.shipped_at,
        {{ before_event(parcel_outcome('turned'), 'turned', 'seen_') }} as outcome,
        -- A parcel with an earlier scan is on its way already.
        turned.is_first_line and {{ before_event(first_scan_at('turned'), 'turned', 'seen_') }} is null as is_departure,
        turned._file_id,
        turned._record,
        turned._source
    from turned
)

select * from final
