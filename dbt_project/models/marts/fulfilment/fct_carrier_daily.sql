{#
  A view, because its rows are sums of few columns of the parcels. Percentiles are those of whole hours; percentiles of a period
  follow from marts.fct_carrier_hours.
#}
{{ config(materialized='view') }}

with parcels as (
    select * from {{ published_ref('fct_shipments') }}
),

hours as (
    select * from {{ published_ref('fct_carrier_hours') }}
),

-- A parcel with lines of several orders is one parcel. It is on time if it is on time for all of them.
whole as (
    select
        parcels.shipment_id,
        parcels.shipped_date,
        coalesce(parcels.carrier, 'unknown') as carrier,
        coalesce(parcels.service, 'unknown') as service,
        parcels.lane,
        parcels.outcome,
        parcels.has_delivery_problem,
        sum(parcels.quantity) as quantity,
        bool_and(parcels.is_on_time) as is_on_time,
        max(parcels.days_past_promise) as days_past_promise,
        max(parcels.attempts_count) as attempts_count,
        max(parcels.cost_amount) as cost_amount,
        max(parcels.cost_amount_reporting) as cost_amount_reporting
    from parcels
    group by
        parcels.shipment_id,
        parcels.shipped_date,
        coalesce(parcels.carrier, 'unknown'),
        coalesce(parcels.service, 'unknown'),
        parcels.lane,
        parcels.outcome,
        parcels.has_delivery_problem
),

counted as (
    select
        whole.shipped_date,
        whole.carrier,
        whole.service,
        whole.lane,
        count(*) as parcels_count,
        sum(whole.quantity) as quantity,
        count(*) filter (where whole.outcome = 'on_the_way') as on_the_way_count,
        count(*) filter (where whole.outcome = 'delivered') as delivered_count,
        count(*) filter (where whole.outcome = 'carrier_returned') as returned_count,
        count(*) filter (where whole.outcome = 'lost') as lost_count,
        count(*) filter (where whole.outcome = 'cancelled') as cancelled_count,
        count(*) filter (where whole.is_on_time is not null) as promised_count,
        count(*) filter (where whole.is_on_time) as on_time_count,
        count(*) filter (where whole.days_past_promise is not null) as promised_day_count,
        count(*) filter (where whole.days_past_promise <= 0) as on_promised_day_count,
        count(*) filter (where whole.has_delivery_problem) as problems_count,
        sum(whole.attempts_count) as attempts_count,
        case
            when count(whole.cost_amount) = count(whole.cost_amount_reporting) then sum(whole.cost_amount_reporting)
        end as cost_amount_reporting
    from whole
    group by
        whole.shipped_date,
        whole.carrier,
        whole.service,
        whole.lane
),

running_hours as (
    select
        hours.*,
        sum(hours.parcels_count) over so_far as so_far_count,
        sum(hours.parcels_count) over (partition by hours.shipped_date, hours.carrier, hours.service, hours.lane) as all_count
    from hours
    window so_far as (
        partition by hours.shipped_date, hours.carrier, hours.service, hours.lane
        order by hours.hours_in_transit
        rows between unbounded preceding and current row
    )
),

percentiles as (
    select
        running_hours.shipped_date,
        running_hours.carrier,
        running_hours.service,
        running_hours.lane,
        min(running_hours.hours_in_transit) filter (where running_hours.so_far_count * 2 >= running_hours.all_count)
            as hours_in_transit_median,
        min(running_hours.hours_in_transit) filter (where running_hours.so_far_count * 10 >= running_hours.all_count * 9)
            as hours_in_transit_p90
    from running_hours
    group by
        running_hours.shipped_date,
        running_hours.carrier,
        running_hours.service,
        running_hours.lane
),

final as (
    select
        counted.carrier,
        counted.service,
        counted.lane,
        {% for column in [
            'parcels_count', 'quantity', 'on_the_way_count', 'delivered_count', 'returned_count', 'lost_count',
            'cancelled_count', 'promised_count', 'on_time_count', 'promised_day_count', 'on_promised_day_count',
            'problems_count', 'attempts_count'
        ] -%}
        cast(counted.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        cast(counted.cost_amount_reporting as {{ money_type() }}) as cost_amount_reporting,
        counted.shipped_date,
        percentiles.hours_in_transit_median,
        percentiles.hours_in_transit_p90
    from counted
    left join percentiles
        on
            counted.shipped_date = percentiles.shipped_date
            and counted.carrier = percentiles.carrier
            and counted.service = percentiles.service
            and counted.lane = percentiles.lane
)

select * from final
