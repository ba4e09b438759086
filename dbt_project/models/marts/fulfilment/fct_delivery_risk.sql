{#
  Open parcels, and promised orders of which nothing has left, while their promise can still be kept. Those past their promise
  are late, which is no risk any more. Only promises that ended by the clock are counted.
#}
{%- set levels = risk_levels() -%}
with promises as (
    select * from {{ ref('int_delivery_promises') }}
    where not is_withdrawn
),

clock as (
    select * from {{ ref('as_of') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

ages as (
    {%- for age in risk_ages() %}
    select {{ age }} as age_days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

open_promises as (
    select
        promises.order_id,
        promises.shipment_id,
        promises.carrier,
        promises.service,
        promises.lane,
        promises.destination,
        promises.placed_at,
        promises.shipped_at,
        promises.promise_ends_at,
        cast(floor({{ hours_between('promises.placed_at', 'clock.as_of') }} / 24) as {{ dbt.type_bigint() }}) as open_days,
        cast(floor({{ hours_between('clock.as_of', 'promises.promise_ends_at') }} / 24) as {{ dbt.type_bigint() }}) as days_left
    from promises
    inner join clock
        on
            promises.placed_at <= clock.as_of
            and promises.promise_ends_at > clock.as_of
    where promises.outcome in ('on_the_way', 'not_shipped')
),

aged as (
    select
        open_promises.*,
        {{ band_start('open_promises.open_days', risk_ages()) }} as age_days,
        open_promises.shipment_id is not null as is_shipped,
        {{ days_left_from('open_promises.days_left') }} as days_left_from
    from open_promises
),

subjects as (
    select
        aged.*
        {%- for key in ['carrier', 'service', 'lane'] %},
        case when aged.is_shipped then aged.{{ key }} else 'not shipped' end as {{ key }}_known
        {%- endfor %}
    from aged
),

ages_needed as (
    select ages.age_days
    from ages
    where exists (select 1 from subjects where subjects.age_days = ages.age_days)
),

decided as (
    select
        promises.*,
        {{ risk_weight(week_number('clock.as_of') ~ ' - ' ~ week_number('promises.promise_ends_at')) }} as weight
    from promises
    inner join clock on promises.promise_ends_at <= clock.as_of
),

observed as (
    {{ promises_at_ages('decided', 'ages_needed') }}
),
{%- for level, level_keys in levels %}
{%- set keys = risk_keys(level_keys) %}

counted_by_{{ level }} as (
    select
        {% for key in keys -%}
        observed.{{ key }},
        {% endfor -%}
        count(*) as promises_count,
        {{ count_if('observed.is_broken') }} as broken_count,
        sum(observed.weight) as weight,
        sum(case when observed.is_broken then observed.weight else 0 end) as broken_weight
    from observed
    group by {% for key in keys %}observed.{{ key }}{% if not loop.last %}, {% endif %}{% endfor %}
),
{%- endfor %}

weighed as (
    select
        subjects.*,
        cast(1000000000 as double) as unit,
        {{ ratio('counted_by_all.broken_count', 'counted_by_all.promises_count') }} as base_rate,
        {{ ratio('counted_by_all.broken_weight', 'counted_by_all.weight') }} as share_by_all
        {%- for level, _ in levels %},
        counted_by_{{ level }}.promises_count as count_by_{{ level }},
        counted_by_{{ level }}.broken_count as broken_count_by_{{ level }},
        counted_by_{{ level }}.weight as weight_by_{{ level }},
        counted_by_{{ level }}.broken_weight as broken_weight_by_{{ level }}
        {%- endfor %}
    from subjects
    {%- for level, level_keys in levels %}
    left join counted_by_{{ level }}
        on {{ is_in_cell('subjects', 'counted_by_' ~ level, risk_keys(level_keys)) }}
    {%- endfor %}
),
{{ shrunk_shares() }},

-- The narrowest level with enough promises to show.
explained as (
    select
        predicted.*,
        case
            {%- for level, _ in levels | reverse %}
            when predicted.count_by_{{ level }} >= {{ var('risk_shown_promises') }} then '{{ level }}'
            {%- endfor %}
        end as comparable_level,
        case
            {%- for level, _ in levels | reverse %}
            when predicted.count_by_{{ level }} >= {{ var('risk_shown_promises') }} then predicted.count_by_{{ level }}
            {%- endfor %}
        end as comparable_count,
        case
            {%- for level, _ in levels | reverse %}
            when predicted.count_by_{{ level }} >= {{ var('risk_shown_promises') }} then predicted.broken_count_by_{{ level }}
            {%- endfor %}
        end as comparable_late_count,
        case
            when predicted.count_by_all >= {{ var('risk_min_promises') }}
                then cast(round(predicted.share_by_lane, 6) as decimal(7, 6))
        end as late_probability
    from shared_by_lane as predicted
),

final as (
    select
        explained.order_id,
        explained.shipment_id,
        case when explained.shipment_id is null then 'order' else 'parcel' end as subject,
        explained.carrier,
        explained.service,
        explained.lane,
        explained.destination,
        explained.comparable_level,
        {{ risk_reason('explained') }} as reason,
        cast(explained.open_days as {{ dbt.type_bigint() }}) as open_days,
        cast(explained.days_left as {{ dbt.type_bigint() }}) as days_left,
        cast(explained.comparable_count as {{ dbt.type_bigint() }}) as comparable_count,
        cast(explained.comparable_late_count as {{ dbt.type_bigint() }}) as comparable_late_count,
        orders.due_amount_reporting,
        {{ reporting_amount('orders.due_amount_reporting', 'explained.late_probability') }} as at_risk_amount_reporting,
        cast(explained.late_probability as double) as late_probability,
        cast(round(explained.base_rate, 6) as double) as base_rate,
        explained.placed_at,
        explained.shipped_at,
        explained.promise_ends_at
    from explained
    inner join orders on explained.order_id = orders.order_id
)

select * from final
