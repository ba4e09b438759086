{#
  Time and cost of a parcel from each warehouse to each country, from the parcels of the last year. A lane with few parcels takes
  the figures of all parcels of its warehouse, and a warehouse with few parcels those of all.
#}
{{ config(materialized='view') }}

with parcels as (
    select * from {{ published_ref('fct_shipments') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

recent as (
    select parcels.*
    from parcels
    cross join clock
    where
        parcels.shipped_date > {{ add_days_to_date('clock.business_date', -365) }}
        and parcels.outcome <> 'cancelled'
        and parcels.warehouse_id is not null
),

lanes as (
    {{ lane_figures('recent', ['warehouse_id', 'ship_country']) }}
),

warehouses as (
    {{ lane_figures('recent', ['warehouse_id']) }}
),

network as (
    {{ lane_figures('recent', []) }}
),

countries as (
    select distinct recent.ship_country from recent
),

final as (
    select
        warehouses.warehouse_id,
        countries.ship_country,
        case
            when lanes.timed_count >= {{ var('lane_parcels') }} then 'lane'
            when warehouses.timed_count >= {{ var('lane_parcels') }} then 'warehouse'
            else 'all'
        end as basis,
        cast(coalesce(lanes.parcels_count, 0) as {{ dbt.type_bigint() }}) as parcels_count,
        cast({{ of_lane('hours_p90', 'timed_count') }} as double) as hours_p90,
        cast({{ of_lane('cost_amount', 'costed_count') }} as {{ money_type() }}) as cost_amount_reporting
    from warehouses
    cross join countries
    cross join network
    left join lanes
        on
            warehouses.warehouse_id = lanes.warehouse_id
            and countries.ship_country is not distinct from lanes.ship_country
)

select * from final
