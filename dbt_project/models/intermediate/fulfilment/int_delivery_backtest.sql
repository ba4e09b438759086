{#
  Predictions that would have been made at fixed ages, and what became of them. A prediction of a week counts the promises
  that ended before this week, so that no outcome is used before it was known.
#}
{%- set levels = risk_levels() -%}
with promises as (
    select * from {{ ref('int_delivery_promises') }}
    where not is_withdrawn
),

clock as (
    select * from {{ ref('as_of') }}
),

ages as (
    {%- for age in risk_backtest_ages() %}
    select {{ age }} as age_days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

decided as (
    select
        promises.*,
        {{ week_number('promises.promise_ends_at') }} as decided_week,
        {{ risk_weight(week_number('clock.as_of') ~ ' - ' ~ week_number('promises.promise_ends_at')) }} as weight,
        {{ week_number('clock.as_of') }} as clock_week
    from promises
    inner join clock on promises.promise_ends_at <= clock.as_of
),

observed as (
    {{ promises_at_ages('decided', 'ages') }}
),

predicted as (
    select
        observed.*,
        {{ week_number(add_days('observed.placed_at', 'observed.age_days')) }} as origin_week
    from observed
),

tested as (
    select * from predicted
    where predicted.origin_week >= predicted.clock_week - {{ var('risk_backtest_weeks') }}
),
{%- for level, level_keys in levels %}
{%- set keys = risk_keys(level_keys) %}

-- Promises of each cell that ended before each week.
weeks_by_{{ level }} as (
    select
        {% for key in keys %}events.{{ key }}, {% endfor %}
        events.week,
        sum(sum(events.promises_count)) over so_far as promises_count,
        sum(sum(events.broken_count)) over so_far as broken_count,
        sum(sum(events.weight)) over so_far as weight,
        sum(sum(events.broken_weight)) over so_far as broken_weight
    from (
        select
            {% for key in keys %}predicted.{{ key }}, {% endfor %}
            predicted.decided_week as week,
            count(*) as promises_count,
            {{ count_if('predicted.is_broken') }} as broken_count,
            sum(predicted.weight) as weight,
            sum(case when predicted.is_broken then predicted.weight else 0 end) as broken_weight
        from predicted
        group by {% for key in keys %}predicted.{{ key }}, {% endfor %}predicted.decided_week
        union all
        select
            {% for key in keys %}tested.{{ key }}, {% endfor %}
            tested.origin_week as week,
            0 as promises_count,
            0 as broken_count,
            0 as weight,
            0 as broken_weight
        from tested
        group by {% for key in keys %}tested.{{ key }}, {% endfor %}tested.origin_week
    ) as events
    group by {% for key in keys %}events.{{ key }}, {% endfor %}events.week
    window so_far as (
        partition by {% for key in keys %}events.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}
        order by events.week rows between unbounded preceding and 1 preceding
    )
),
{%- endfor %}

weighed as (
    select
        tested.order_id,
        tested.shipment_id,
        tested.age_days,
        tested.origin_week,
        tested.is_broken,
        cast(1000000000 as double)
        * power(0.5, cast((tested.clock_week - tested.origin_week) * 7 as double) / {{ var('risk_half_life_days') }}) as unit,
        weeks_by_all.promises_count,
        {{ ratio('weeks_by_all.broken_count', 'weeks_by_all.promises_count') }} as base_rate,
        {{ ratio('weeks_by_all.broken_weight', 'weeks_by_all.weight') }} as share_by_all
        {%- for level, _ in levels %},
        weeks_by_{{ level }}.weight as weight_by_{{ level }},
        weeks_by_{{ level }}.broken_weight as broken_weight_by_{{ level }}
        {%- endfor %}
    from tested
    {%- for level, level_keys in levels %}
    inner join weeks_by_{{ level }}
        on
            tested.origin_week = weeks_by_{{ level }}.week
            and {{ is_in_cell('tested', 'weeks_by_' ~ level, risk_keys(level_keys)) }}
    {%- endfor %}
    where weeks_by_all.promises_count >= {{ var('risk_min_promises') }}
),

{{ shrunk_shares() }},

final as (
    select
        predicted.order_id,
        predicted.shipment_id,
        predicted.age_days,
        cast(round(predicted.share_by_lane, 6) as decimal(7, 6)) as late_probability,
        cast(round(predicted.base_rate, 6) as decimal(7, 6)) as base_rate,
        predicted.is_broken,
        {{ week_start('predicted.origin_week') }} as origin_date
    from shared_by_lane as predicted
)

select * from final
