-- Every order that is not a test order is in the mart once, with a stage.
with expected as (
    select count(*) as orders_count
    from {{ ref('stg_orders') }} as orders
    where
        orders.is_current
        and not orders.is_test
),

found as (
    select
        count(*) as orders_count,
        count(distinct orders.order_id) as distinct_count,
        count(orders.stage) as stages_count
    from {{ ref('fct_orders') }} as orders
)

select
    expected.orders_count as expected_count,
    found.orders_count,
    found.distinct_count,
    found.stages_count
from expected
cross join found
where
    expected.orders_count <> found.orders_count
    or expected.orders_count <> found.distinct_count
    or expected.orders_count <> found.stages_count
