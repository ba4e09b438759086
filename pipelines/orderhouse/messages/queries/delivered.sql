-- One row per parcel that was delivered and did not go back.
select
    parcels.shipment_id as subject_id,
    '' as occasion,
    parcels.order_id,
    parcels.delivered_at as occurred_at,
    null as counted,
    false as is_silenced,
    to_json(struct_pack(
        carrier := parcels.carrier,
        delivered_at := instant(parcels.delivered_at)
    )) as payload
from marts.fct_shipments as parcels
where parcels.outcome = 'delivered' and not parcels.is_orphan and parcels.delivered_at is not null
