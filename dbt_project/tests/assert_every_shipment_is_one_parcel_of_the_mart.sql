with received as (
    select distinct
        shipments.shipment_id,
        shipments.order_id
    from {{ ref('stg_shipments') }} as shipments
    where
        shipments.is_current
        and not exists (
            select 1 from {{ ref('stg_orders') }} as orders
            where
                orders.order_id = shipments.order_id
                and orders.is_current
                and orders.is_test
        )
),

parcels as (
    select
        parcels.shipment_id,
        parcels.order_id,
        count(*) as parcels_count
    from {{ ref('fct_shipments') }} as parcels
    group by
        parcels.shipment_id,
        parcels.order_id
)

select
    coalesce(received.shipment_id, parcels.shipment_id) as shipment_id,
    coalesce(received.order_id, parcels.order_id) as order_id,
    coalesce(parcels.parcels_count, 0) as found_count
from received
full outer join parcels
    on
        received.shipment_id = parcels.shipment_id
        and received.order_id = parcels.order_id
where
    received.shipment_id is null
    or coalesce(parcels.parcels_count, 0) <> 1
