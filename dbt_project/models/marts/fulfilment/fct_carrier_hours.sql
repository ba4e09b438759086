{{ config(materialized='view') }}

with parcels as (
    select * from {{ published_ref('fct_shipments') }}
),

final as (
    select
        coalesce(parcels.carrier, 'unknown') as carrier,
        coalesce(parcels.service, 'unknown') as service,
        parcels.lane,
        cast(floor(parcels.hours_in_transit) as {{ dbt.type_bigint() }}) as hours_in_transit,
        cast(count(distinct parcels.shipment_id) as {{ dbt.type_bigint() }}) as parcels_count,
        parcels.shipped_date
    from parcels
    where parcels.hours_in_transit is not null
    group by
        coalesce(parcels.carrier, 'unknown'),
        coalesce(parcels.service, 'unknown'),
        parcels.lane,
        cast(floor(parcels.hours_in_transit) as {{ dbt.type_bigint() }}),
        parcels.shipped_date
)

select * from final
