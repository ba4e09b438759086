{#-
  Days on which a SKU could not be sold, as intervals: from the day that closed with nothing until the day before the next that
  closed with something. Demand of these days is censored. `unassigned` is the network: all warehouses together.
-#}
with stock_daily as (
    select * from {{ ref('int_stock_daily') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

network_days as (
    select
        stock_daily.sku,
        stock_daily.business_date,
        sum(stock_daily.closing_quantity - stock_daily.opening_quantity) as moved_quantity
    from stock_daily
    group by stock_daily.sku, stock_daily.business_date
),

levels as (
    select
        stock_daily.sku,
        stock_daily.warehouse_id,
        stock_daily.business_date,
        stock_daily.closing_quantity
    from stock_daily
    where stock_daily.warehouse_id <> 'unassigned'
    union all
    select
        network_days.sku,
        'unassigned' as warehouse_id,
        network_days.business_date,
        sum(network_days.moved_quantity) over (
            partition by network_days.sku
            order by network_days.business_date
            rows between unbounded preceding and current row
        ) as closing_quantity
    from network_days
),

followed as (
    select
        levels.*,
        lead(levels.business_date) over (
            partition by levels.sku, levels.warehouse_id
            order by levels.business_date
        ) as next_date
    from levels
),

final as (
    select
        followed.sku,
        followed.warehouse_id,
        followed.business_date as out_from_date,
        coalesce({{ add_days_to_date('followed.next_date', '-1') }}, as_of.business_date) as out_to_date
    from followed
    cross join as_of
    where
        followed.closing_quantity <= 0
        and followed.business_date <= as_of.business_date
)

select * from final
