-- One row per parcel that is being brought to its customer now.
select
    parcels.shipment_id as subject_id,
    '' as occasion,
    parcels.order_id,
    parcels.last_scan_at as occurred_at,
    null as counted,
    false as is_silenced,
    to_json(struct_pack(
        carrier := parcels.carrier,
        tracking_number := parcels.tracking_number
    )) as payload
from marts.fct_shipments as parcels
where
    parcels.outcome = 'on_the_way'
    and not parcels.is_orphan
    and parcels.latest_scan_status = 'out_for_delivery'
