{#-
  Net sales that are forecast, by week: of each channel, and of all. Errors of the days of a channel are correlated like those of weeks
  that are forecast from one origin; channels err independently. Beside it, what is sold and not yet delivered, by the week of its
  promise, and the target.
-#}
{{ config(materialized='view') }}
{%- set correlation = var('forecast_error_correlation') %}

with forecasts as (
    select * from {{ published_ref('fct_forecast') }}
),

pipeline as (
    select * from {{ published_ref('fct_revenue_pipeline') }}
),

catalogue as (
    select * from {{ published_ref('kpis') }}
    where kpi = 'net_sales'
),

clock as (
    select * from {{ published_ref('as_of') }}
),

days as (
    select
        forecasts.channel,
        forecasts.origin_date,
        forecasts.target_date,
        cast(date_trunc('week', forecasts.target_date) as date) as week_start_date,
        cast(forecasts.expected_value as double) as expected,
        greatest(cast(forecasts.expected_value - forecasts.p10_value as double), 0) / {{ z_of_p90() }} as low,
        greatest(cast(forecasts.p90_value - forecasts.expected_value as double), 0) / {{ z_of_p90() }} as high
    from forecasts
    cross join clock
    where
        forecasts.forecast_level = 'channel_day'
        and forecasts.is_current
        and forecasts.origin_date < clock.business_date
        and forecasts.target_date >= clock.business_date
),

channels as (
    select
        days.channel,
        days.week_start_date,
        count(distinct days.target_date) as days_count,
        min(days.origin_date) as origin_date,
        sum(days.expected) as expected,
        {% for side in ['low', 'high'] -%}
        (1 - {{ correlation }}) * sum(days.{{ side }} * days.{{ side }})
        + {{ correlation }} * sum(days.{{ side }}) * sum(days.{{ side }}) as {{ side }}_variance
        {{- ',' if not loop.last }}
        {% endfor %}
    from days
    group by days.channel, days.week_start_date
),

sums as (
    select * from channels
    union all
    select
        'all' as channel,
        channels.week_start_date,
        max(channels.days_count) as days_count,
        min(channels.origin_date) as origin_date,
        sum(channels.expected) as expected,
        sum(channels.low_variance) as low_variance,
        sum(channels.high_variance) as high_variance
    from channels
    group by channels.week_start_date
),

promised_parts as (
    select
        pipeline.channel,
        cast(date_trunc('week', greatest(pipeline.expected_date, clock.business_date)) as date) as week_start_date,
        pipeline.net_sales_amount_reporting
    from pipeline
    cross join clock
    where pipeline.expected_date is not null
),

promised as (
    select
        promised_parts.channel,
        promised_parts.week_start_date,
        {{ whole_sum('promised_parts.net_sales_amount_reporting') }} as amount
    from promised_parts
    group by promised_parts.channel, promised_parts.week_start_date
    union all
    select
        'all' as channel,
        promised_parts.week_start_date,
        {{ whole_sum('promised_parts.net_sales_amount_reporting') }} as amount
    from promised_parts
    group by promised_parts.week_start_date
),

final as (
    select
        cast(sums.channel as {{ dbt.type_string() }}) as channel,
        cast(sums.days_count as {{ dbt.type_bigint() }}) as days_count,
        cast(sums.expected as {{ dbt.type_numeric() }}) as expected_net_sales_reporting,
        cast(sums.expected - {{ z_of_p90() }} * sqrt(sums.low_variance) as {{ dbt.type_numeric() }}) as p10_net_sales_reporting,
        cast(sums.expected + {{ z_of_p90() }} * sqrt(sums.high_variance) as {{ dbt.type_numeric() }}) as p90_net_sales_reporting,
        cast(
            case when sums.channel = 'all' then catalogue.target * sums.days_count end as {{ money_type() }}
        ) as target_amount_reporting,
        cast(promised.amount as {{ money_type() }}) as pipeline_net_sales_amount_reporting,
        sums.week_start_date,
        sums.origin_date
    from sums
    cross join catalogue
    left join promised
        on
            sums.channel = promised.channel
            and sums.week_start_date = promised.week_start_date
)

select * from final
