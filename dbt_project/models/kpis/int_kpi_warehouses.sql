{#- KPIs of stock by warehouse. They do not add up to the network: a SKU may be out in one, and demand is the units shipped. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

ledger as (
    select * from {{ ref('int_stock_daily') }}
),

levels as (
    select
        ledger.warehouse_id,
        ledger.business_date,
        ledger.received_quantity,
        ledger.shipped_quantity - ledger.unshipped_quantity as sold_quantity,
        ledger.closing_quantity - ledger.opening_quantity as moved_quantity,
        ledger.opening_quantity,
        ledger.closing_quantity,
        row_number() over (partition by ledger.sku, ledger.warehouse_id order by ledger.business_date) = 1 as is_first
    from ledger
),

changes as (
    select
        levels.warehouse_id,
        levels.business_date,
        {{ count_if('levels.is_first') }} as appeared_count,
        {{ count_if('levels.closing_quantity <= 0 and (levels.is_first or levels.opening_quantity > 0)') }}
        - {{ count_if('levels.closing_quantity > 0 and not levels.is_first and levels.opening_quantity <= 0') }}
            as ran_out_count,
        sum(levels.moved_quantity) as moved_quantity,
        sum(levels.received_quantity) as received_quantity,
        sum(levels.sold_quantity) as sold_quantity
    from levels
    group by levels.warehouse_id, levels.business_date
),

openings as (
    select
        changes.warehouse_id,
        min(changes.business_date) as first_date
    from changes
    group by changes.warehouse_id
),

calendar as (
    {{ day_series("(select min(openings.first_date) from openings)", "(select max(as_of.business_date) from as_of)") }}
),

days as (
    select
        openings.warehouse_id,
        calendar.day as business_date,
        {% for column in ['appeared_count', 'ran_out_count', 'moved_quantity', 'received_quantity', 'sold_quantity'] -%}
        coalesce(changes.{{ column }}, 0) as {{ column }}{{ ',' if not loop.last }}
        {% endfor -%}
    from openings
    inner join calendar on openings.first_date <= calendar.day
    left join changes
        on
            openings.warehouse_id = changes.warehouse_id
            and calendar.day = changes.business_date
),

stock as (
    select
        days.warehouse_id as warehouse,
        days.business_date,
        sum(days.appeared_count) over so_far as skus_count,
        sum(days.ran_out_count) over so_far as out_count,
        sum(days.moved_quantity) over so_far as stock_quantity,
        greatest(sum(days.sold_quantity) over four_weeks, 0) / cast(28 as decimal(4, 0)) as demand_per_day,
        days.sold_quantity * 365 as sold_quantity_per_year,
        sum(days.sold_quantity) over sell_through_window as sold_quantity_in_window,
        greatest(
            sum(days.moved_quantity) over so_far - sum(days.moved_quantity) over sell_through_window
            + sum(days.received_quantity) over sell_through_window, 0
        ) as supplied_quantity_in_window
    from days
    window
        so_far as (
            partition by days.warehouse_id order by days.business_date
            rows between unbounded preceding and current row
        ),
        four_weeks as (
            partition by days.warehouse_id order by days.business_date rows between 27 preceding and current row
        ),
        sell_through_window as (
            partition by days.warehouse_id order by days.business_date
            rows between {{ var('sell_through_days') - 1 }} preceding and current row
        )
),

above_zero as (
    select
        stock.*,
        case when stock.stock_quantity > 0 then stock.stock_quantity end as covering_quantity,
        greatest(stock.stock_quantity, 0) as level_quantity
    from stock
),

kpis as (
    {{ kpi_rows('above_zero', [
        ('days_of_cover', 'covering_quantity', 'demand_per_day'),
        ('stockout_rate', 'out_count', 'skus_count'),
        ('inventory_turnover', 'sold_quantity_per_year', 'level_quantity'),
        ('sell_through', 'sold_quantity_in_window', 'supplied_quantity_in_window'),
    ], ['warehouse']) }}
),

final as (
    select
        kpis.business_date,
        kpis.kpi,
        'warehouse' as dimension,
        kpis.warehouse as dimension_value,
        kpis.numerator,
        kpis.denominator
    from kpis
)

select * from final
