{#
  Test of the lane estimates: for each of six periods of 28 days up to the clock, what they would have been on its first day, from what
  had happened by then, against the parcels that left in it. A parcel is tested once the estimated time since its departure is over.
#}
{%- set periods = 6 %}
{{ config(materialized='view') }}

with shipments as (
    select * from {{ published_ref('fct_shipments') }}
    where
        outcome <> 'cancelled'
        and warehouse_id is not null
),

clock as (
    select * from {{ published_ref('as_of') }}
),

origins as (
    {% for number in range(1, periods + 1) -%}
    select {{ add_days_to_date('clock.business_date', -28 * number) }} as origin_date from clock
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

recent as (
    select
        origins.origin_date,
        shipments.warehouse_id,
        shipments.ship_country,
        case
            when {{ business_date('shipments.first_attempt_at') }} < origins.origin_date then shipments.hours_to_first_attempt
        end as hours_to_first_attempt,
        shipments.cost_amount_reporting
    from shipments
    inner join origins
        on
            shipments.shipped_date < origins.origin_date
            and shipments.shipped_date > {{ add_days_to_date('origins.origin_date', -365) }}
),

lanes as (
    {{ lane_figures('recent', ['origin_date', 'warehouse_id', 'ship_country']) }}
),

warehouses as (
    {{ lane_figures('recent', ['origin_date', 'warehouse_id']) }}
),

network as (
    {{ lane_figures('recent', ['origin_date']) }}
),

sent as (
    select
        origins.origin_date,
        shipments.*
    from shipments
    inner join origins
        on
            shipments.shipped_date >= origins.origin_date
            and shipments.shipped_date < {{ add_days_to_date('origins.origin_date', 28) }}
),

estimated as (
    select
        sent.*,
        {{ of_lane('hours_p90', 'timed_count') }} as hours_p90,
        cast({{ of_lane('cost_amount', 'costed_count') }} as {{ money_type() }}) as estimated_cost_amount
    from sent
    inner join warehouses
        on
            sent.origin_date = warehouses.origin_date
            and sent.warehouse_id = warehouses.warehouse_id
    inner join network on sent.origin_date = network.origin_date
    left join lanes
        on
            sent.origin_date = lanes.origin_date
            and sent.warehouse_id = lanes.warehouse_id
            and sent.ship_country is not distinct from lanes.ship_country
),

-- A parcel without any attempt is late if its carrier reports scans, and says nothing if it reports none.
tested as (
    select
        estimated.*,
        case
            when estimated.hours_p90 is null or {{ hours_between('estimated.shipped_at', 'clock.as_of') }} < estimated.hours_p90 then 0
            when estimated.hours_to_first_attempt is not null or estimated.scans_count > 0 then 1
            else 0
        end as is_timed,
        case when estimated.hours_to_first_attempt <= estimated.hours_p90 then 1 else 0 end as is_in_time,
        case
            when estimated.cost_amount_reporting is not null and estimated.estimated_cost_amount is not null then 1 else 0
        end as is_costed
    from estimated
    cross join clock
),

final as (
    select
        tested.warehouse_id,
        tested.ship_country,
        cast(sum(tested.is_timed) as {{ dbt.type_bigint() }}) as timed_count,
        cast(sum(tested.is_timed * tested.is_in_time) as {{ dbt.type_bigint() }}) as in_time_count,
        cast(sum(tested.is_costed) as {{ dbt.type_bigint() }}) as costed_count,
        cast(sum(case when tested.is_costed = 1 then tested.estimated_cost_amount else 0 end) as {{ money_type() }})
            as estimated_cost_amount_reporting,
        cast(sum(case when tested.is_costed = 1 then tested.cost_amount_reporting else 0 end) as {{ money_type() }})
            as cost_amount_reporting,
        tested.origin_date
    from tested
    group by tested.warehouse_id, tested.ship_country, tested.origin_date
)

select * from final
where
    timed_count > 0
    or costed_count > 0
