-- Purchases after the month of the clock are in no cohort yet.
with cohorts as (
    select
        coalesce(sum(case when cohorts.months_after = 0 then cohorts.customers_count end), 0) as customers_count,
        coalesce(sum(cohorts.purchases_count), 0) as purchases_count
    from {{ ref('fct_cohort_retention') }} as cohorts
),

as_of as (
    select {{ month_start('as_of.business_date') }} as clock_month from {{ ref('as_of') }} as as_of
),

customers as (
    select count(*) as customers_count
    from {{ ref('dim_customers') }} as customers
    cross join as_of
    where {{ month_start('customers.first_order_date') }} <= as_of.clock_month
),

purchases as (
    select count(*) as purchases_count
    from {{ ref('int_customer_orders') }} as customer_orders
    cross join as_of
    where
        customer_orders.is_purchase
        and {{ is_identified('customer_orders.customer_key') }}
        and {{ month_start('customer_orders.business_date') }} <= as_of.clock_month
)

select
    cohorts.customers_count,
    customers.customers_count as expected_customers_count,
    cohorts.purchases_count,
    purchases.purchases_count as expected_purchases_count
from cohorts
cross join customers
cross join purchases
where
    cohorts.customers_count <> customers.customers_count
    or cohorts.purchases_count <> purchases.purchases_count
