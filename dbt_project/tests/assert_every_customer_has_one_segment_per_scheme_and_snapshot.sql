-- Each snapshot holds every identified customer with an order by then exactly once in every scheme.
with segments as (
    select
        segments.snapshot_date,
        segments.scheme,
        count(*) as rows_count,
        count(distinct segments.customer_key) as customers_count,
        count(segments.segment) as segments_count
    from {{ ref('fct_customer_segments') }} as segments
    group by segments.snapshot_date, segments.scheme
),

first_orders as (
    select
        orders.customer_key,
        min(orders.placed_date) as first_date
    from {{ ref('fct_orders') }} as orders
    where {{ is_identified('orders.customer_key') }}
    group by orders.customer_key
),

expected as (
    select
        snapshot_dates.snapshot_date,
        count(first_orders.customer_key) as customers_count
    from {{ ref('int_snapshot_dates') }} as snapshot_dates
    left join first_orders on snapshot_dates.snapshot_date >= first_orders.first_date
    group by snapshot_dates.snapshot_date
),

schemes as (
    select schemes.scheme
    from (values
        ('rfm'), ('lifecycle'), ('value_band'), ('discount'), ('demographic'), ('affinity'), ('cart')
    ) as schemes (scheme)
)

select
    expected.snapshot_date,
    schemes.scheme,
    expected.customers_count,
    segments.rows_count,
    segments.segments_count
from expected
cross join schemes
left join segments
    on
        expected.snapshot_date = segments.snapshot_date
        and schemes.scheme = segments.scheme
where
    expected.customers_count <> coalesce(segments.rows_count, 0)
    or expected.customers_count <> coalesce(segments.customers_count, 0)
    or expected.customers_count <> coalesce(segments.segments_count, 0)
