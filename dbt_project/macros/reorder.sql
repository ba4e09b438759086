{#
  Forecast series of each position, with the part of a series that falls to the position. The network has all series of its SKU. A
  warehouse has the series of the order lines that name it, and of `unassigned` demand its share of the units shipped in 90 days.
#}
{% macro series_of_positions(positions, forecasts) -%}
    select
        {{ positions }}.sku,
        {{ positions }}.warehouse_id,
        series.series_key,
        case
            when {{ positions }}.position_level = 'network' then 1
            when series.warehouse_id = 'unassigned' then {{ ratio(
                positions ~ '.demand_per_day_90d',
                'sum(case when ' ~ positions ~ ".position_level = 'warehouse' then " ~ positions ~ '.demand_per_day_90d end)'
                ~ ' over (partition by ' ~ positions ~ '.sku, series.series_key)'
            ) }}
            when series.warehouse_id = {{ positions }}.warehouse_id then 1
        end as share
    from {{ positions }}
    inner join (
        select distinct
            {{ forecasts }}.series_key,
            {{ forecasts }}.sku,
            {{ forecasts }}.warehouse_id
        from {{ forecasts }}
    ) as series on {{ positions }}.sku = series.sku
{%- endmacro %}

{#
  Current forecasts of SKUs that were made before the day of the clock, with the variance of a week. It comes from the distance of
  p90 from the expected value; the variance of counts is at least their expected value.
#}
{% macro usable_forecasts(forecasts, as_of) -%}
    select
        {{ forecasts }}.series_key,
        {{ forecasts }}.sku,
        {{ forecasts }}.warehouse_id,
        {{ forecasts }}.model,
        {{ forecasts }}.is_intermittent,
        {{ forecasts }}.origin_date,
        {{ forecasts }}.target_date,
        cast({{ forecasts }}.expected_value as double) as expected,
        greatest(
            pow(greatest(cast({{ forecasts }}.p90_value as double) - cast({{ forecasts }}.expected_value as double), 0)
            / {{ z_of_p90() }}, 2),
            case when {{ forecasts }}.is_intermittent then cast({{ forecasts }}.expected_value as double) else 0 end
        ) as variance,
        {{ forecasts }}.target_date = max({{ forecasts }}.target_date) over (partition by {{ forecasts }}.series_key)
            as is_last_week
    from {{ forecasts }}
    cross join {{ as_of }}
    where
        {{ forecasts }}.forecast_level = 'sku_warehouse_week'
        and {{ forecasts }}.is_current
        and {{ forecasts }}.origin_date < {{ as_of }}.business_date
{%- endmacro %}

{# Standard deviations from the mean of a normal distribution to its 90th percentile. #}
{% macro z_of_p90() -%}1.2815515655446004{%- endmacro %}

{#
  Days of a forecast week among the first `days` days after the clock's. The last week that is forecast stands for all days after it.
#}
{% macro days_of_week_within(week, business_date, days) -%}
    greatest(
        case
            when {{ week }}.is_last_week then {{ days }}
            else least({{ days_between(business_date, week ~ '.target_date') }} + 6, {{ days }})
        end - greatest({{ days_between(business_date, week ~ '.target_date') }}, 1) + 1,
        0
    )
{%- endmacro %}
