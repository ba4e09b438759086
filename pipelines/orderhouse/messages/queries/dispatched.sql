-- One row per parcel that is on its way. One that has arrived already is told by `delivered` alone.
select
    parcels.shipment_id as subject_id,
    '' as occasion,
    parcels.order_id,
    parcels.shipped_at as occurred_at,
    null as counted,
    false as is_silenced,
    to_json(struct_pack(
        carrier := parcels.carrier,
        tracking_number := parcels.tracking_number,
        estimated_delivery_at := case
            when parcels.estimated_delivery_at > $as_of then instant(parcels.estimated_delivery_at)
        end
    )) as payload
from marts.fct_shipments as parcels
where parcels.outcome = 'on_the_way' and not parcels.is_orphan and parcels.shipped_at is not null
