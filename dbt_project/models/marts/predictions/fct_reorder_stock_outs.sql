{#-
  First day on which the expected demand since the clock's day is more than the stock and the receipts due by then, of positions for
  which there is such a day among the next `stock_out_days`. Where no unit is left, it is the clock's day.
-#}
{{ config(materialized='ephemeral', step_of='fct_reorder_proposals') }}

with positions as (
    select * from {{ ref('fct_inventory_positions') }}
),

lead_time_demand as (
    select * from {{ ref('fct_lead_time_demand') }}
),

forecasts as (
    select * from {{ ref('fct_forecast') }}
),

receipts as (
    select * from {{ ref('fct_reorder_receipts') }}
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

numbers as (
    {{ day_series(
        '(select ' ~ add_days_to_date('as_of.business_date', 1) ~ ' from as_of)',
        '(select ' ~ add_days_to_date('as_of.business_date', var('stock_out_days')) ~ ' from as_of)'
    ) }}
),

days as (
    select cast(numbers.day as date) as day
    from numbers
),

demanded as (
    select
        positions.sku,
        positions.warehouse_id,
        positions.available_quantity - positions.backordered_quantity as stock_quantity,
        positions.demand_per_day_90d,
        lead_time_demand.basis
    from positions
    inner join lead_time_demand
        on
            positions.sku = lead_time_demand.sku
            and positions.warehouse_id = lead_time_demand.warehouse_id
    where lead_time_demand.order_expected_quantity > 0
),

-- A week that is forecast holds seven days; the last one stands for all days after it.
forecast_days as (
    select
        demanded.sku,
        demanded.warehouse_id,
        days.day,
        sum(shares.share * usable.expected / 7) as expected
    from demanded
    inner join shares
        on
            demanded.sku = shares.sku
            and demanded.warehouse_id = shares.warehouse_id
    inner join usable on shares.series_key = usable.series_key
    inner join days
        on
            usable.target_date <= days.day
            and (usable.is_last_week or {{ add_days_to_date('usable.target_date', 6) }} >= days.day)
    where
        demanded.basis = 'forecast'
        and demanded.stock_quantity > 0
    group by demanded.sku, demanded.warehouse_id, days.day
),

expected_days as (
    select * from forecast_days
    union all
    select
        demanded.sku,
        demanded.warehouse_id,
        days.day,
        demanded.demand_per_day_90d as expected
    from demanded
    cross join days
    where
        demanded.basis = 'window'
        and demanded.stock_quantity > 0
        and demanded.stock_quantity < demanded.demand_per_day_90d * {{ var('stock_out_days') }}
),

levels as (
    select
        expected_days.sku,
        expected_days.warehouse_id,
        expected_days.day,
        demanded.stock_quantity
        + sum(coalesce(receipts.quantity, 0) - expected_days.expected) over (
            partition by expected_days.sku, expected_days.warehouse_id
            order by expected_days.day
            rows between unbounded preceding and current row
        ) as level_quantity
    from expected_days
    inner join demanded
        on
            expected_days.sku = demanded.sku
            and expected_days.warehouse_id = demanded.warehouse_id
    left join receipts
        on
            expected_days.sku = receipts.sku
            and expected_days.warehouse_id = receipts.warehouse_id
            and expected_days.day = receipts.due_date
),

final as (
    select
        levels.sku,
        levels.warehouse_id,
        min(levels.day) as stock_out_date
    from levels
    -- Sums of parts of units differ in their last digits.
    where levels.level_quantity < -0.000001
    group by levels.sku, levels.warehouse_id
    union all
    select
        demanded.sku,
        demanded.warehouse_id,
        as_of.business_date as stock_out_date
    from demanded
    cross join as_of
    where demanded.stock_quantity <= 0
)

select * from final
