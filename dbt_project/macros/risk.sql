{# Greatest of some numbers that a value is not below. Null below the first. #}
{% macro band_start(value, starts) -%}
    case
        {%- for start in starts | reverse %}
        when {{ value }} >= {{ start }} then {{ start }}
        {%- endfor %}
    end
{%- endmacro %}

{# Fewest whole days left of the band of whole days that are left of a promise. #}
{% macro days_left_from(days_left) -%}
    {{ band_start(days_left, risk_days_left()) }}
{%- endmacro %}

{# Number of the week, from Monday on, of a UTC instant. #}
{% macro week_number(instant) -%}
    cast(floor({{ days_between("date '1970-01-05'", instant) }} / 7.0) as {{ dbt.type_bigint() }})
{%- endmacro %}

{# First day of a numbered week. #}
{% macro week_start(number) -%}
    {{ add_days_to_date("date '1970-01-05'", number ~ ' * 7') }}
{%- endmacro %}

{#
  Weight of a promise by the weeks since it ended, in billionths: half after `risk_half_life_days`. Whole numbers add up to the
  same sum in any order.
#}
{% macro risk_weight(weeks_ago) -%}
    cast(round(1000000000 * power(0.5, cast(({{ weeks_ago }}) * 7 as double) / {{ var('risk_half_life_days') }})) as {{ dbt.type_bigint() }})
{%- endmacro %}

{#
  Promises at ages: those that were neither kept, ended nor overdue at that age, with the keys of the levels. What left by
  then is known; carrier and lane are known of what has left.
#}
{% macro promises_at_ages(promises, ages) -%}
    select
        {{ promises }}.*,
        ages.age_days,
        coalesce({{ promises }}.shipped_after_days < ages.age_days, false) as is_shipped,
        {{ days_left_from(promises ~ '.lead_days - ages.age_days') }} as days_left_from,
        {%- for key in ['carrier', 'service', 'lane'] %}
        case when {{ promises }}.shipped_after_days < ages.age_days then {{ promises }}.{{ key }} else 'not shipped' end as {{ key }}_known
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    from {{ promises }}
    inner join {{ ages }} as ages
        on
            {{ promises }}.lead_days >= ages.age_days
            and ({{ promises }}.ended_after_days is null or {{ promises }}.ended_after_days >= ages.age_days)
{%- endmacro %}

{# Condition that a row belongs to a cell of a level. #}
{% macro is_in_cell(row, cell, keys) -%}
    {%- for key in keys %}
            {% if not loop.first %}and {% endif %}{{ row }}.{{ key }} = {{ cell }}.{{ key }}
    {%- endfor -%}
{%- endmacro %}

{#
  CTEs of the shares of all levels, from a CTE `weighed` with the weights and with the unit that one promise weighs. Each share
  is that of the promises of its level, with the share of the level before counted as `risk_prior_promises` more. A level that
  has the same promises as the level before adds nothing.
#}
{% macro shrunk_shares() -%}
    {%- set levels = risk_levels() -%}
    {%- for level, _ in levels[1:] %}
    {%- set before = levels[loop.index0][0] %}
shared_by_{{ level }} as (
    select
        weighed.*,
        case
            when coalesce(weighed.weight_by_{{ level }}, 0) = 0 or weighed.weight_by_{{ level }} = weighed.weight_by_{{ before }}
                then weighed.share_by_{{ before }}
            else (
                cast(weighed.broken_weight_by_{{ level }} as double)
                + {{ var('risk_prior_promises') }} * weighed.unit * weighed.share_by_{{ before }}
            ) / (cast(weighed.weight_by_{{ level }} as double) + {{ var('risk_prior_promises') }} * weighed.unit)
        end as share_by_{{ level }}
    from {{ 'weighed' if loop.first else 'shared_by_' ~ before }} as weighed
)
    {%- if not loop.last %},
{% endif %}
    {%- endfor %}
{%- endmacro %}

{# Sentence that says why: what the comparable promises have in common and how many of them were broken. #}
{% macro risk_reason(row) -%}
    {%- set starts = risk_days_left() -%}
    case
        when {{ row }}.late_probability is null
            then 'Fewer than {{ var("risk_min_promises") }} promises have ended that were open at this age, so nothing is predicted.'
        else concat(
            cast({{ row }}.comparable_late_count as {{ dbt.type_string() }}), ' of ',
            cast({{ row }}.comparable_count as {{ dbt.type_string() }}), ' comparable deliveries were late: open after ',
            cast({{ row }}.age_days as {{ dbt.type_string() }}), case when {{ row }}.age_days = 1 then ' day' else ' days' end,
            case
                when {{ row }}.comparable_level = 'all' then ''
                when {{ row }}.is_shipped then ', shipped'
                else ', not shipped'
            end,
            case
                when {{ row }}.comparable_level in ('all', 'stage') then ''
                {%- for start in starts %}
                when {{ row }}.days_left_from = {{ start }}
                    then ', {{ start }}{{ " to " ~ (starts[loop.index] - 1) if not loop.last else " or more" }} days left'
                {%- endfor %}
                else ''
            end,
            case
                when {{ row }}.comparable_level in ('all', 'stage', 'days_left') then ''
                else concat(', to ', {{ row }}.destination)
            end,
            case
                when {{ row }}.comparable_level in ('carrier', 'service', 'lane') and {{ row }}.is_shipped
                    then concat(', carrier ', {{ row }}.carrier)
                else ''
            end,
            case
                when {{ row }}.comparable_level in ('service', 'lane') and {{ row }}.is_shipped
                    then concat(', service ', {{ row }}.service)
                else ''
            end,
            case
                when {{ row }}.comparable_level = 'lane' and {{ row }}.is_shipped then concat(', lane ', {{ row }}.lane)
                else ''
            end,
            '.'
        )
    end
{%- endmacro %}
