{#- Demand windows and classes end with the business day of the clock, so every build recomputes this small table. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

sku_sales_daily as (
    select * from {{ ref('int_sku_sales_daily') }}
),

sku_sales_converted as (
    select * from {{ ref('int_sku_sales_converted') }}
),

sales as (
    select
        sku_sales_daily.sku,
        sku_sales_daily.lines_count,
        sku_sales_daily.demanded_quantity,
        case
            when sku_sales_daily.currency = '{{ var("reporting_currency") }}' then sku_sales_daily.net_amount
            when sku_sales_converted.sku is null then 0
            else sku_sales_converted.net_amount_reporting
        end as net_amount_reporting,
        sku_sales_daily.is_stock_tracked,
        {{ days_between('sku_sales_daily.placed_date', 'as_of.business_date') }} as days_ago,
        sku_sales_daily.first_placed_at,
        sku_sales_daily.last_placed_at
    from sku_sales_daily
    cross join as_of
    left join sku_sales_converted
        on
            sku_sales_daily.sku = sku_sales_converted.sku
            and sku_sales_daily.placed_date = sku_sales_converted.placed_date
            and sku_sales_daily.currency = sku_sales_converted.currency
),

daily as (
    select
        sales.sku,
        sales.days_ago,
        sum(sales.demanded_quantity) as demanded_quantity
    from sales
    where sales.days_ago between 0 and 89
    group by sales.sku, sales.days_ago
),

weekly as (
    select
        sales.sku,
        cast(floor(sales.days_ago / 7.0) as {{ dbt.type_int() }}) as weeks_ago,
        sum(sales.demanded_quantity) as demanded_quantity
    from sales
    where sales.days_ago between 0 and {{ var('xyz_weeks') }} * 7 - 1
    group by sales.sku, cast(floor(sales.days_ago / 7.0) as {{ dbt.type_int() }})
),

daily_moments as (
    select
        daily.sku,
        coalesce(sum(case when daily.days_ago < 28 then daily.demanded_quantity end), 0) as demanded_quantity_28d,
        sum(daily.demanded_quantity) as demanded_quantity_90d,
        sum(cast(daily.demanded_quantity as double) * cast(daily.demanded_quantity as double)) as squares_90d
    from daily
    group by daily.sku
),

weekly_moments as (
    select
        weekly.sku,
        sum(weekly.demanded_quantity) as demanded_quantity,
        sum(cast(weekly.demanded_quantity as double) * cast(weekly.demanded_quantity as double)) as squares
    from weekly
    group by weekly.sku
),

lifetimes as (
    select
        sales.sku,
        sum(sales.lines_count) as lines_count,
        sum(sales.demanded_quantity) as demanded_quantity,
        coalesce(bool_or(sales.is_stock_tracked), false) as is_stock_tracked,
        sum(case
            when sales.days_ago between 0 and {{ var('abc_days') }} - 1 then sales.net_amount_reporting else 0
        end) as net_amount_reporting,
        count(case
            when sales.days_ago between 0 and {{ var('abc_days') }} - 1 and sales.net_amount_reporting is null then 1
        end) as missing_rates_count,
        min(sales.first_placed_at) as first_sold_at,
        max(sales.last_placed_at) as last_sold_at
    from sales
    group by sales.sku
),

ranked as (
    select
        lifetimes.*,
        sum(greatest(coalesce(lifetimes.net_amount_reporting, 0), 0)) over () as all_net_amount,
        coalesce(sum(greatest(coalesce(lifetimes.net_amount_reporting, 0), 0)) over (
            order by coalesce(lifetimes.net_amount_reporting, 0) desc, lifetimes.sku
            rows between unbounded preceding and 1 preceding
        ), 0) as better_net_amount
    from lifetimes
),

measured as (
    select
        ranked.*,
        coalesce(daily_moments.demanded_quantity_28d, 0) as demanded_quantity_28d,
        coalesce(daily_moments.demanded_quantity_90d, 0) as demanded_quantity_90d,
        coalesce(daily_moments.demanded_quantity_28d, 0) / cast(28 as double) as demand_per_day_28d,
        coalesce(daily_moments.demanded_quantity_90d, 0) / cast(90 as double) as demand_per_day_90d,
        coalesce(daily_moments.squares_90d, 0) / cast(90 as double) as mean_square_90d,
        coalesce(weekly_moments.demanded_quantity, 0) / cast({{ var('xyz_weeks') }} as double) as demand_per_week,
        coalesce(weekly_moments.squares, 0) / cast({{ var('xyz_weeks') }} as double) as mean_square_per_week
    from ranked
    left join daily_moments on ranked.sku = daily_moments.sku
    left join weekly_moments on ranked.sku = weekly_moments.sku
),

deviations as (
    select
        measured.*,
        sqrt(greatest(
            measured.mean_square_90d - measured.demand_per_day_90d * measured.demand_per_day_90d, 0
        )) as demand_deviation_90d,
        {{ ratio(
            'sqrt(greatest(measured.mean_square_per_week - measured.demand_per_week * measured.demand_per_week, 0))',
            'measured.demand_per_week'
        ) }} as variation_coefficient
    from measured
),

final as (
    select
        deviations.sku,
        case
            when deviations.net_amount_reporting is null or deviations.net_amount_reporting <= 0 then 'C'
            when deviations.better_net_amount < deviations.all_net_amount * 0.80 then 'A'
            when deviations.better_net_amount < deviations.all_net_amount * 0.95 then 'B'
            else 'C'
        end as abc_class,
        case
            when deviations.variation_coefficient <= 0.5 then 'X'
            when deviations.variation_coefficient <= 1.0 then 'Y'
            else 'Z'
        end as xyz_class,
        cast(deviations.lines_count as {{ dbt.type_bigint() }}) as lines_count,
        cast(deviations.demanded_quantity as {{ dbt.type_bigint() }}) as demanded_quantity,
        cast(deviations.demanded_quantity_28d as {{ dbt.type_bigint() }}) as demanded_quantity_28d,
        cast(deviations.demanded_quantity_90d as {{ dbt.type_bigint() }}) as demanded_quantity_90d,
        deviations.demand_per_day_28d,
        deviations.demand_per_day_90d,
        deviations.demand_deviation_90d,
        deviations.variation_coefficient,
        cast(case
            when deviations.missing_rates_count = 0 then deviations.net_amount_reporting
        end as {{ money_type() }}) as net_amount_reporting,
        deviations.is_stock_tracked,
        deviations.first_sold_at,
        deviations.last_sold_at
    from deviations
)

select * from final
