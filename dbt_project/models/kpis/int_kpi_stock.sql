{#- KPIs of stock at the end of each day, over all SKUs with a stock record. They have no channel or country. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

ledger as (
    select * from {{ ref('fct_inventory_ledger') }}
),

sku_sales_daily as (
    select * from {{ ref('int_sku_sales_daily') }}
    where is_stock_tracked
),

sku_days as (
    select
        ledger.sku,
        ledger.business_date,
        sum(ledger.closing_quantity - ledger.opening_quantity) as moved_quantity,
        sum(ledger.received_quantity) as received_quantity,
        sum(ledger.shipped_quantity - ledger.unshipped_quantity) as sold_quantity
    from ledger
    group by ledger.sku, ledger.business_date
),

sku_levels as (
    select
        sku_days.*,
        row_number() over (partition by sku_days.sku order by sku_days.business_date) = 1 as is_first,
        sum(sku_days.moved_quantity) over (
            partition by sku_days.sku
            order by sku_days.business_date
            rows between unbounded preceding and current row
        ) as level_quantity
    from sku_days
),

-- The counts change on days on which a SKU first appears, runs out or is in stock again.
changes as (
    select
        sku_levels.business_date,
        {{ count_if('sku_levels.is_first') }} as appeared_count,
        {{ count_if(
            'sku_levels.level_quantity <= 0'
            ' and (sku_levels.is_first or sku_levels.level_quantity - sku_levels.moved_quantity > 0)'
        ) }} - {{ count_if(
            'sku_levels.level_quantity > 0'
            ' and not sku_levels.is_first and sku_levels.level_quantity - sku_levels.moved_quantity <= 0'
        ) }} as ran_out_count,
        sum(sku_levels.moved_quantity) as moved_quantity,
        sum(sku_levels.received_quantity) as received_quantity,
        sum(sku_levels.sold_quantity) as sold_quantity
    from sku_levels
    group by sku_levels.business_date
),

demand as (
    select
        sku_sales_daily.placed_date as business_date,
        sum(sku_sales_daily.demanded_quantity) as demanded_quantity
    from sku_sales_daily
    group by sku_sales_daily.placed_date
),

calendar as (
    {{ day_series("(select min(ledger.business_date) from ledger)", "(select max(as_of.business_date) from as_of)") }}
),

days as (
    select
        calendar.day as business_date,
        coalesce(changes.appeared_count, 0) as appeared_count,
        coalesce(changes.ran_out_count, 0) as ran_out_count,
        coalesce(changes.moved_quantity, 0) as moved_quantity,
        coalesce(changes.received_quantity, 0) as received_quantity,
        coalesce(changes.sold_quantity, 0) as sold_quantity,
        coalesce(demand.demanded_quantity, 0) as demanded_quantity
    from calendar
    left join changes on calendar.day = changes.business_date
    left join demand on calendar.day = demand.business_date
),

stock as (
    select
        days.business_date,
        sum(days.appeared_count) over so_far as skus_count,
        sum(days.ran_out_count) over so_far as out_count,
        sum(days.moved_quantity) over so_far as level_quantity,
        sum(days.demanded_quantity) over four_weeks / cast(28 as decimal(4, 0)) as demand_per_day,
        days.sold_quantity * 365 as sold_quantity_per_year,
        sum(days.sold_quantity) over sell_through_window as sold_quantity_in_window,
        sum(days.moved_quantity) over so_far - sum(days.moved_quantity) over sell_through_window
        + sum(days.received_quantity) over sell_through_window as supplied_quantity_in_window
    from days
    window
        so_far as (order by days.business_date rows between unbounded preceding and current row),
        four_weeks as (order by days.business_date rows between 27 preceding and current row),
        sell_through_window as (
            order by days.business_date rows between {{ var('sell_through_days') - 1 }} preceding and current row
        )
),

-- Where stock is not above zero, cover and rates are unknown and not negative.
above_zero as (
    select
        stock.business_date,
        stock.skus_count,
        stock.out_count,
        case when stock.level_quantity > 0 then stock.level_quantity end as covering_quantity,
        stock.demand_per_day,
        stock.sold_quantity_per_year,
        greatest(stock.level_quantity, 0) as level_quantity,
        stock.sold_quantity_in_window,
        greatest(stock.supplied_quantity_in_window, 0) as supplied_quantity_in_window
    from stock
),

final as (
    {{ kpi_rows('above_zero', [
        ('days_of_cover', 'covering_quantity', 'demand_per_day'),
        ('stockout_rate', 'out_count', 'skus_count'),
        ('inventory_turnover', 'sold_quantity_per_year', 'level_quantity'),
        ('sell_through', 'sold_quantity_in_window', 'supplied_quantity_in_window'),
    ], []) }}
)

select * from final
