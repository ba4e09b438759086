{#- Month ends before the clock's business day, as many as `snapshot_months`, and the business day itself. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

orders as (
    select * from {{ ref('int_orders') }}
),

span as (
    select
        min(orders.placed_date) as first_date,
        max(as_of.business_date) as last_date
    from as_of
    left join orders on true
),

days as (
    {{ day_series(
        "(select " ~ add_days_to_date("max(as_of.business_date)", -31 * (var('snapshot_months') + 1)) ~ " from as_of)",
        "(select max(as_of.business_date) from as_of)"
    ) }}
),

month_ends as (
    select days.day as snapshot_date
    from days
    cross join span
    where
        extract(day from {{ add_days_to_date('days.day', 1) }}) = 1
        and days.day < span.last_date
        and days.day >= span.first_date
    qualify row_number() over (order by days.day desc) <= {{ var('snapshot_months') }}
),

final as (
    select
        cast(month_ends.snapshot_date as date) as snapshot_date,
        true as is_month_end
    from month_ends
    union all
    select
        cast(span.last_date as date) as snapshot_date,
        extract(day from {{ add_days_to_date('span.last_date', 1) }}) = 1 as is_month_end
    from span
)

select * from final
