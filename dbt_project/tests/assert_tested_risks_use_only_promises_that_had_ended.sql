-- Of each age the newest week that was tested: its base rate and its predictions, counted a second time.
with accuracy as (
    select
        accuracy.age_days,
        accuracy.origin_date,
        sum(accuracy.predictions_count) as predictions_count,
        sum(accuracy.late_count) as late_count,
        sum(accuracy.base_rate_sum) as base_rate_sum
    from {{ ref('fct_delivery_risk_accuracy') }} as accuracy
    group by accuracy.age_days, accuracy.origin_date
),

newest as (
    select * from accuracy
    qualify row_number() over (partition by accuracy.age_days order by accuracy.origin_date desc nulls last) = 1
),

promises as (
    select promises.*
    from {{ ref('int_delivery_promises') }} as promises
    inner join {{ ref('as_of') }} as clock on promises.promise_ends_at <= clock.as_of
    where not promises.is_withdrawn
),

at_ages as (
    select
        newest.*,
        promises.is_broken,
        promises.promise_ends_at < newest.origin_date as had_ended,
        {{ add_days('promises.placed_at', 'newest.age_days') }} >= newest.origin_date as is_tested
    from newest
    left join promises
        on
            newest.age_days <= promises.lead_days
            and (promises.ended_after_days is null or newest.age_days <= promises.ended_after_days)
            and {{ add_days('promises.placed_at', 'newest.age_days') }} < {{ add_days_to_date('newest.origin_date', 7) }}
),

counted as (
    select
        at_ages.age_days,
        at_ages.predictions_count,
        at_ages.late_count,
        at_ages.base_rate_sum,
        {{ count_if('at_ages.is_tested') }} as tested_count,
        {{ count_if('at_ages.is_tested and at_ages.is_broken') }} as tested_late_count,
        {{ ratio(count_if('at_ages.had_ended and at_ages.is_broken'), count_if('at_ages.had_ended')) }} as base_rate
    from at_ages
    group by at_ages.age_days, at_ages.predictions_count, at_ages.late_count, at_ages.base_rate_sum
)

select *
from counted
where
    counted.predictions_count <> counted.tested_count
    or counted.base_rate is null
    or counted.late_count <> counted.tested_late_count
    or abs(counted.base_rate_sum - counted.predictions_count * counted.base_rate) > 0.000001 * counted.predictions_count
