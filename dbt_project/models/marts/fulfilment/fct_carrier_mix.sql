{#-
  Parcels of a year by destination and pair of carriers: how late and how dear the parcels of one were, and those of another to the same
  destination. The interval of the difference is Agresti and Caffo's, at 95 %.
-#}
{{ config(materialized='view') }}

with parcels as (
    select * from {{ published_ref('fct_shipments') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

carriers as (
    select
        coalesce(parcels.ship_country, 'unknown') as ship_country,
        parcels.carrier,
        count(*) as parcels_count,
        count(parcels.is_on_time) as known_count,
        count(case when not parcels.is_on_time then 1 end) as late_count,
        count(parcels.cost_amount_reporting) as costed_count,
        sum(parcels.cost_amount_reporting) as cost_amount
    from parcels
    cross join clock
    where
        parcels.shipped_date > {{ add_days_to_date('clock.business_date', -365) }}
        and parcels.outcome <> 'cancelled'
        and parcels.carrier is not null
    group by coalesce(parcels.ship_country, 'unknown'), parcels.carrier
),

pairs as (
    select
        one.ship_country,
        one.carrier,
        other.carrier as other_carrier,
        one.parcels_count,
        other.parcels_count as other_parcels_count,
        {{ ratio('one.late_count', 'one.known_count') }} as late_rate,
        {{ ratio('other.late_count', 'other.known_count') }} as other_late_rate,
        {{ ratio('one.cost_amount', 'one.costed_count') }} as cost,
        {{ ratio('other.cost_amount', 'other.costed_count') }} as other_cost,
        (one.late_count + 1) / cast(one.known_count + 2 as double) as drawn_rate,
        (other.late_count + 1) / cast(other.known_count + 2 as double) as other_drawn_rate,
        one.known_count + 2 as drawn_count,
        other.known_count + 2 as other_drawn_count
    from carriers as one
    inner join carriers as other
        on
            one.ship_country = other.ship_country
            and one.carrier <> other.carrier
    where
        one.known_count >= {{ var('lane_parcels') }}
        and other.known_count >= {{ var('lane_parcels') }}
),

spread as (
    select
        pairs.*,
        pairs.drawn_rate * (1 - pairs.drawn_rate) / pairs.drawn_count
        + pairs.other_drawn_rate * (1 - pairs.other_drawn_rate) / pairs.other_drawn_count as variance
    from pairs
),

final as (
    select
        spread.ship_country,
        spread.carrier,
        spread.other_carrier,
        cast(spread.parcels_count as {{ dbt.type_bigint() }}) as parcels_count,
        cast(spread.other_parcels_count as {{ dbt.type_bigint() }}) as other_parcels_count,
        spread.late_rate,
        spread.other_late_rate,
        spread.other_late_rate - spread.late_rate as late_rate_change,
        spread.variance as late_rate_variance,
        greatest(spread.other_drawn_rate - spread.drawn_rate - 1.959964 * sqrt(spread.variance), -1) as late_rate_change_low,
        least(spread.other_drawn_rate - spread.drawn_rate + 1.959964 * sqrt(spread.variance), 1) as late_rate_change_high,
        cast(spread.cost as {{ money_type() }}) as parcel_cost_reporting,
        cast(spread.other_cost as {{ money_type() }}) as other_parcel_cost_reporting
    from spread
)

select * from final
