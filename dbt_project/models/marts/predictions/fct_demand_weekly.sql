{#- Weeks begin on Monday. The week of the clock's day is not complete, and no forecast learns from it. -#}
with demand_daily as (
    select * from {{ ref('int_demand_daily') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

weeks as (
    select
        demand_daily.sku,
        demand_daily.warehouse_id,
        cast(date_trunc('week', demand_daily.placed_date) as date) as week_start_date,
        sum(demand_daily.demanded_quantity) as demanded_quantity,
        sum(demand_daily.promoted_quantity) as promoted_quantity
    from demand_daily
    group by demand_daily.sku, demand_daily.warehouse_id, cast(date_trunc('week', demand_daily.placed_date) as date)
),

final as (
    select
        cast(weeks.sku as {{ dbt.type_string() }}) as sku,
        cast(weeks.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        coalesce(products.category, 'unknown') as category,
        cast(weeks.demanded_quantity as {{ dbt.type_bigint() }}) as demanded_quantity,
        cast(weeks.promoted_quantity as {{ dbt.type_bigint() }}) as promoted_quantity,
        {{ add_days_to_date('weeks.week_start_date', '7') }} <= as_of.business_date as is_complete,
        weeks.week_start_date
    from weeks
    cross join as_of
    left join products on weeks.sku = products.sku
)

select * from final
