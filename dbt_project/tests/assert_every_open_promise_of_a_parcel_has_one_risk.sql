with parcels as (
    select
        parcels.order_id,
        parcels.shipment_id
    from {{ ref('fct_shipments') }} as parcels
    inner join {{ ref('fct_orders') }} as orders on parcels.order_id = orders.order_id
    inner join {{ ref('as_of') }} as clock
        on
            orders.placed_at <= clock.as_of
            and parcels.promise_ends_at > clock.as_of
    where parcels.outcome = 'on_the_way' and orders.is_delivery_tracked and parcels.promise_ends_at > orders.placed_at
),

risks as (
    select * from {{ ref('fct_delivery_risk') }}
    where subject = 'parcel'
)

select
    parcels.order_id,
    parcels.shipment_id,
    count(risks.order_id) as rows_count
from parcels
left join risks
    on
        parcels.order_id = risks.order_id
        and parcels.shipment_id = risks.shipment_id
group by parcels.order_id, parcels.shipment_id
having count(risks.order_id) <> 1
union all
select
    risks.order_id,
    risks.shipment_id,
    0 as rows_count
from risks
where not exists (
    select 1 from parcels
    where parcels.order_id = risks.order_id and parcels.shipment_id = risks.shipment_id
)
