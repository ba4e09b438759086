{#-
  Forecasts whose period is over, beside what came. Of several forecasts of a series from one origin the newest counts. A week with a
  day without stock is censored: less could be sold than was wanted.
-#}
{{ config(materialized='view') }}

with forecasts as (
    select * from {{ published_ref('fct_forecast') }}
),

demand as (
    select * from {{ published_ref('fct_demand_weekly') }}
),

revenue as (
    select * from {{ published_ref('fct_revenue_daily') }}
    where recognition_clock = 'placed'
),

stock_outs as (
    select * from {{ published_ref('fct_stock_outs') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

over as (
    select forecasts.*
    from forecasts
    cross join clock
    where {{ add_days_to_date('forecasts.target_date', 'forecasts.period_days') }} <= clock.business_date
    qualify row_number() over (
        partition by forecasts.forecast_level, forecasts.series_key, forecasts.origin_date, forecasts.target_date
        order by forecasts.predicted_at desc nulls last, forecasts.run_id
    ) = 1
),

came as (
    select
        'sku_warehouse_week' as forecast_level,
        concat_ws('|', demand.sku, demand.warehouse_id) as series_key,
        demand.week_start_date as target_date,
        cast(sum(demand.demanded_quantity) as double) as actual_value
    from demand
    group by concat_ws('|', demand.sku, demand.warehouse_id), demand.week_start_date
    union all
    select
        'category_week' as forecast_level,
        demand.category as series_key,
        demand.week_start_date as target_date,
        cast(sum(demand.demanded_quantity) as double) as actual_value
    from demand
    group by demand.category, demand.week_start_date
    union all
    select
        'channel_day' as forecast_level,
        revenue.channel as series_key,
        revenue.business_date as target_date,
        cast({{ whole_sum('revenue.net_sales_amount_reporting') }} as double) as actual_value
    from revenue
    group by revenue.channel, revenue.business_date
),

censored as (
    select distinct
        over.series_key,
        over.target_date
    from over
    inner join stock_outs
        on
            over.sku = stock_outs.sku
            and over.warehouse_id = stock_outs.warehouse_id
            and stock_outs.out_from_date < {{ add_days_to_date('over.target_date', 'over.period_days') }}
            and stock_outs.out_to_date >= over.target_date
    where over.forecast_level = 'sku_warehouse_week'
),

compared as (
    select
        over.*,
        case when came.series_key is null then 0 else came.actual_value end as actual_value,
        censored.series_key is not null as is_censored
    from over
    left join came
        on
            over.forecast_level = came.forecast_level
            and over.series_key = came.series_key
            and over.target_date = came.target_date
    left join censored
        on
            over.forecast_level = 'sku_warehouse_week'
            and over.series_key = censored.series_key
            and over.target_date = censored.target_date
),

final as (
    select
        compared.forecast_level,
        compared.series_key,
        compared.sku,
        compared.warehouse_id,
        compared.category,
        compared.channel,
        compared.model,
        compared.horizon,
        compared.period_days,
        compared.actual_value,
        compared.expected_value,
        compared.p10_value,
        compared.p50_value,
        compared.p90_value,
        compared.baseline_value,
        abs(cast(compared.expected_value as double) - compared.actual_value) as absolute_error_value,
        abs(cast(compared.baseline_value as double) - compared.actual_value) as baseline_absolute_error_value,
        compared.actual_value between compared.p10_value and compared.p90_value as is_within,
        compared.is_censored,
        compared.origin_date,
        compared.target_date
    from compared
)

select * from final
