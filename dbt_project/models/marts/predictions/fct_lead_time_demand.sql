{#-
  Demand over the lead time of each position, by the forecast where it was better than the window average in the backtest, else by the
  window average of fct_inventory_positions. Errors of weeks that were forecast from one origin are correlated (decision 120).
-#}
with positions as (
    select * from {{ ref('fct_inventory_positions') }}
),

stock_positions as (
    select * from {{ ref('int_stock_positions') }}
),

forecasts as (
    select * from {{ ref('fct_forecast') }}
),

accuracy as (
    select * from {{ ref('fct_forecast_accuracy') }}
    where
        forecast_level = 'sku_warehouse_week'
        and is_current
),

as_of as (
    select * from {{ ref('as_of') }}
),

usable as (
    {{ usable_forecasts('forecasts', 'as_of') }}
),

shares as (
    {{ series_of_positions('positions', 'usable') }}
),

weeks_of_positions as (
    select
        shares.sku,
        shares.warehouse_id,
        usable.model,
        usable.is_intermittent,
        usable.origin_date,
        shares.share * usable.expected / 7 as expected_per_day,
        shares.share * usable.variance / 7 as variance_per_day,
        {{ days_of_week_within('usable', 'as_of.business_date', 'positions.lead_time_days') }} as lead_days,
        {{ days_of_week_within(
            'usable', 'as_of.business_date', 'positions.lead_time_days + ' ~ var('review_days')
        ) }} as order_days,
        {{ days_between('as_of.business_date', 'usable.target_date') }} + 6 as last_day_number
    from shares
    inner join usable on shares.series_key = usable.series_key
    inner join positions
        on
            shares.sku = positions.sku
            and shares.warehouse_id = positions.warehouse_id
    cross join as_of
    where shares.share > 0
),

weeks as (
    select
        weeks_of_positions.*,
        sqrt(weeks_of_positions.variance_per_day * 7) * greatest(
            weeks_of_positions.lead_days / cast(7 as double), sqrt(weeks_of_positions.lead_days / cast(7 as double))
        ) as lead_deviation
    from weeks_of_positions
),

forecast_demand as (
    select
        weeks.sku,
        weeks.warehouse_id,
        case when min(weeks.model) = max(weeks.model) then min(weeks.model) else 'several' end as model,
        bool_and(weeks.is_intermittent) as is_intermittent,
        min(weeks.origin_date) as origin_date,
        sum(weeks.expected_per_day * weeks.lead_days) as lead_expected,
        sqrt(
            (1 - {{ var('forecast_error_correlation') }}) * sum(weeks.variance_per_day * weeks.lead_days)
            + {{ var('forecast_error_correlation') }} * pow(sum(weeks.lead_deviation), 2)
        ) as lead_deviation,
        sum(weeks.expected_per_day * weeks.order_days) as order_expected,
        max(weeks.last_day_number) as last_day_number
    from weeks
    group by weeks.sku, weeks.warehouse_id
),

own_records as (
    select
        shares.sku,
        shares.warehouse_id,
        sum(accuracy.observations_count) as observations_count,
        sum(accuracy.pinball_sum) as pinball_sum,
        sum(accuracy.average_pinball_sum) as average_pinball_sum
    from shares
    inner join accuracy on shares.series_key = accuracy.series_key
    where shares.share > 0
    group by shares.sku, shares.warehouse_id
),

kinds as (
    select
        accuracy.is_intermittent,
        sum(accuracy.observations_count) as observations_count,
        sum(accuracy.pinball_sum) as pinball_sum,
        sum(accuracy.average_pinball_sum) as average_pinball_sum,
        {{ ratio('sum(accuracy.absolute_error_sum)', 'sum(accuracy.actual_sum)') }} as wape_rate,
        {{ ratio('sum(accuracy.average_absolute_error_sum)', 'sum(accuracy.actual_sum)') }} as average_wape_rate,
        {{ ratio('sum(accuracy.covered_sum)', 'sum(accuracy.observations_count)') }} as coverage_rate
    from accuracy
    group by accuracy.is_intermittent
),

judged as (
    select
        positions.sku,
        positions.warehouse_id,
        positions.position_level,
        positions.lead_time_days,
        positions.demand_per_day_90d,
        stock_positions.demand_deviation_90d,
        forecast_demand.model,
        forecast_demand.is_intermittent,
        forecast_demand.origin_date,
        forecast_demand.lead_expected,
        forecast_demand.lead_deviation,
        forecast_demand.order_expected,
        kinds.observations_count as kind_observations_count,
        {{ ratio('kinds.pinball_sum', 'kinds.average_pinball_sum') }} as kind_loss_ratio,
        kinds.wape_rate as kind_wape_rate,
        kinds.average_wape_rate as kind_average_wape_rate,
        kinds.coverage_rate as kind_coverage_rate,
        own_records.observations_count,
        {{ ratio('own_records.pinball_sum', 'own_records.average_pinball_sum') }} as loss_ratio,
        case
            when forecast_demand.sku is null then 'no_forecast'
            when forecast_demand.last_day_number < positions.lead_time_days then 'beyond_forecast'
            when coalesce(kinds.observations_count, 0) = 0 then 'not_tested'
            when kinds.pinball_sum >= kinds.average_pinball_sum then 'average_better_for_kind'
            when
                own_records.observations_count >= {{ var('forecast_own_periods') }}
                and own_records.pinball_sum >= own_records.average_pinball_sum
                then 'average_better_for_sku'
            else 'forecast_better'
        end as basis_reason
    from positions
    inner join stock_positions
        on
            positions.sku = stock_positions.sku
            and positions.warehouse_id = coalesce(stock_positions.warehouse_id, 'network')
    left join forecast_demand
        on
            positions.sku = forecast_demand.sku
            and positions.warehouse_id = forecast_demand.warehouse_id
    left join kinds on forecast_demand.is_intermittent = kinds.is_intermittent
    left join own_records
        on
            positions.sku = own_records.sku
            and positions.warehouse_id = own_records.warehouse_id
),

-- Sums of floats differ in their last digits between engines.
final as (
    select
        cast(judged.sku as {{ dbt.type_string() }}) as sku,
        cast(judged.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        judged.position_level,
        case when judged.basis_reason = 'forecast_better' then 'forecast' else 'window' end as basis,
        judged.basis_reason,
        judged.model,
        cast(judged.lead_time_days as {{ dbt.type_bigint() }}) as lead_time_days,
        round(cast(case
            when judged.basis_reason = 'forecast_better' then judged.lead_expected
            else judged.demand_per_day_90d * judged.lead_time_days
        end as double), 6) as lead_expected_quantity,
        round(cast(case
            when judged.basis_reason = 'forecast_better' then judged.lead_deviation
            else judged.demand_deviation_90d * sqrt(judged.lead_time_days)
        end as double), 6) as lead_deviation_quantity,
        round(cast(case
            when judged.basis_reason = 'forecast_better' then judged.order_expected
            else judged.demand_per_day_90d * (judged.lead_time_days + {{ var('review_days') }})
        end as double), 6) as order_expected_quantity,
        cast(coalesce(judged.observations_count, 0) as {{ dbt.type_bigint() }}) as observations_count,
        judged.loss_ratio,
        cast(coalesce(judged.kind_observations_count, 0) as {{ dbt.type_bigint() }}) as kind_observations_count,
        judged.kind_loss_ratio,
        judged.kind_wape_rate,
        judged.kind_average_wape_rate,
        judged.kind_coverage_rate,
        judged.is_intermittent,
        judged.origin_date
    from judged
)

select * from final
