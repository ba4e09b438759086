{#
  Sums over the windows that end with the clock's business day. `level_days` adds up the closing level of every day of the
  turnover window, so a change counts once for each day on which it was part of the level.
#}
with as_of as (
    select * from {{ ref('as_of') }}
),

ledger as (
    select * from {{ ref('int_stock_daily') }}
),

days as (
    select
        ledger.sku,
        ledger.warehouse_id,
        ledger.received_quantity,
        ledger.shipped_quantity - ledger.unshipped_quantity as sold_quantity,
        ledger.closing_quantity - ledger.opening_quantity as moved_quantity,
        {{ days_between('ledger.business_date', 'as_of.business_date') }} as days_ago
    from ledger
    cross join as_of
),

final as (
    select
        days.sku,
        days.warehouse_id,
        coalesce(sum(case when days.days_ago between 0 and 27 then days.sold_quantity end), 0) as sold_quantity_28d,
        coalesce(sum(case when days.days_ago between 0 and 89 then days.sold_quantity end), 0) as sold_quantity_90d,
        coalesce(sum(case
            when days.days_ago between 0 and 89
                then cast(days.sold_quantity as double) * cast(days.sold_quantity as double)
        end), 0) as sold_squares_90d,
        coalesce(sum(case
            when days.days_ago between 0 and {{ var('sell_through_days') }} - 1 then days.sold_quantity
        end), 0) as sold_quantity_sell_through,
        coalesce(sum(case
            when days.days_ago >= {{ var('sell_through_days') }} then days.moved_quantity
            when days.days_ago >= 0 then days.received_quantity
        end), 0) as supplied_quantity_sell_through,
        coalesce(sum(case
            when days.days_ago between 0 and {{ var('turnover_days') }} - 1 then days.sold_quantity
        end), 0) as sold_quantity_turnover,
        coalesce(sum(case
            when days.days_ago >= 0
                then cast(days.moved_quantity as double) * least(days.days_ago + 1, {{ var('turnover_days') }})
        end), 0) as level_days_turnover
    from days
    group by days.sku, days.warehouse_id
)

select * from final
