with parcels as (
    select * from {{ published_ref('fct_shipments') }}
),

final as (
    select
        parcels.shipment_id,
        parcels.order_id,
        parcels.carrier,
        parcels.service,
        parcels.tracking_number,
        parcels.warehouse_id,
        parcels.delivery_status,
        parcels.latest_scan_status,
        parcels.cost_currency,
        parcels.source,
        parcels.lines_count,
        parcels.quantity,
        parcels.scans_count,
        parcels.cost_amount,
        parcels.has_delivery_problem,
        parcels.is_delivered,
        parcels.is_cancelled,
        parcels.is_lost,
        parcels.is_returned,
        parcels.shipped_at,
        parcels.estimated_delivery_at,
        parcels.first_attempt_at,
        parcels.delivered_at,
        parcels.cancelled_at,
        parcels.lost_at,
        parcels.returned_at,
        parcels.last_scan_at,
        parcels.hours_in_transit,
        parcels._batch_id
    from parcels
    where not parcels.is_orphan
)

select * from final
