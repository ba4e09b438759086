-- Every day was recomputed when its events changed.
with events as (
    {% for clock in recognition_clocks() -%}
    select
        {{ clock }}_date as business_date,
        '{{ clock }}' as recognition_clock,
        sum(orders_count) as orders_count,
        sum(units_quantity) as units_quantity,
        sum(gross_sales_amount - discounts_amount + tax_amount + shipping_amount) as amount
    from {{ ref('int_revenue_sales') }}
    where {{ clock }}_date is not null
    group by {{ clock }}_date
    union all
    {% endfor -%}
    select
        business_date,
        recognition_clock,
        0 as orders_count,
        0 as units_quantity,
        sum(tax_amount - returns_amount) as amount
    from {{ ref('int_revenue_returns') }}
    group by
        business_date,
        recognition_clock
    union all
    select
        business_date,
        '{{ recognition_clocks() | first }}' as recognition_clock,
        0 as orders_count,
        0 as units_quantity,
        sum(refunds_amount + fees_amount) as amount
    from {{ ref('int_revenue_cash') }}
    group by business_date
),

expected as (
    select
        business_date,
        recognition_clock,
        sum(orders_count) as orders_count,
        sum(units_quantity) as units_quantity,
        sum(amount) as amount
    from events
    group by
        business_date,
        recognition_clock
),

found as (
    select
        business_date,
        recognition_clock,
        sum(orders_count) as orders_count,
        sum(units_quantity) as units_quantity,
        sum(
            gross_sales_amount - discounts_amount - returns_amount + tax_amount + shipping_amount
            + case when recognition_clock = '{{ recognition_clocks() | first }}' then refunds_amount + fees_amount else 0 end
        ) as amount
    from {{ ref('int_revenue_daily') }}
    group by
        business_date,
        recognition_clock
)

select
    coalesce(expected.business_date, found.business_date) as business_date,
    coalesce(expected.recognition_clock, found.recognition_clock) as recognition_clock,
    expected.amount as expected_amount,
    found.amount as found_amount
from expected
full outer join found
    on
        expected.business_date = found.business_date
        and expected.recognition_clock = found.recognition_clock
where
    coalesce(expected.amount, 0) <> coalesce(found.amount, 0)
    or coalesce(expected.orders_count, 0) <> coalesce(found.orders_count, 0)
    or coalesce(expected.units_quantity, 0) <> coalesce(found.units_quantity, 0)
