with days as (
    select
        sum(days.parcels_count) as parcels_count,
        sum(
            days.on_the_way_count + days.delivered_count + days.returned_count + days.lost_count + days.cancelled_count
        ) as outcomes_count,
        sum(days.quantity) as quantity,
        sum(days.on_time_count) as on_time_count,
        sum(days.on_promised_day_count) as on_promised_day_count,
        sum(days.problems_count) as problems_count,
        sum(days.attempts_count) as attempts_count,
        sum(days.cost_amount_reporting) as cost_amount_reporting
    from {{ ref('fct_carrier_daily') }} as days
),

hours as (
    select sum(hours.parcels_count) as timed_count
    from {{ ref('fct_carrier_hours') }} as hours
),

-- A parcel with lines of several orders has a row for each, and is one parcel.
whole as (
    select
        parcels.shipment_id,
        parcels.lane,
        sum(parcels.quantity) as quantity,
        bool_and(parcels.is_on_time) as is_on_time,
        max(parcels.days_past_promise) as days_past_promise,
        bool_or(parcels.has_delivery_problem) as has_delivery_problem,
        max(parcels.attempts_count) as attempts_count,
        max(parcels.cost_amount_reporting) as cost_amount_reporting,
        max(parcels.hours_in_transit) as hours_in_transit
    from {{ ref('fct_shipments') }} as parcels
    group by parcels.shipment_id, parcels.lane
),

parcels as (
    select
        count(*) as parcels_count,
        sum(whole.quantity) as quantity,
        count(*) filter (where whole.is_on_time) as on_time_count,
        count(*) filter (where whole.days_past_promise <= 0) as on_promised_day_count,
        count(*) filter (where whole.has_delivery_problem) as problems_count,
        sum(whole.attempts_count) as attempts_count,
        sum(whole.cost_amount_reporting) as cost_amount_reporting,
        count(whole.hours_in_transit) as timed_count
    from whole
)

select
    parcels.*,
    days.parcels_count as found_count,
    days.outcomes_count,
    hours.timed_count as found_timed_count
from parcels
cross join days
cross join hours
where
    parcels.parcels_count <> coalesce(days.parcels_count, 0)
    or parcels.parcels_count <> coalesce(days.outcomes_count, 0)
    or coalesce(parcels.quantity, 0) <> coalesce(days.quantity, 0)
    or parcels.on_time_count <> coalesce(days.on_time_count, 0)
    or parcels.on_promised_day_count <> coalesce(days.on_promised_day_count, 0)
    or parcels.problems_count <> coalesce(days.problems_count, 0)
    or coalesce(parcels.attempts_count, 0) <> coalesce(days.attempts_count, 0)
    or coalesce(parcels.cost_amount_reporting, 0) <> coalesce(days.cost_amount_reporting, 0)
    or parcels.timed_count <> coalesce(hours.timed_count, 0)
