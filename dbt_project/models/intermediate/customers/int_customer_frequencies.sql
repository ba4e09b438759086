{#
  How often and how recently identified customers have bought: at the clock, and at an earlier day with what they bought after
  it. Several orders of one business day are one purchase.
#}
with orders as (
    select * from {{ ref('int_customer_orders_reporting') }}
    where is_purchase and {{ is_identified('customer_key') }}
),

clock as (
    select * from {{ ref('as_of') }}
),

purchases as (
    select
        orders.customer_key,
        orders.business_date,
        {{ whole_sum('orders.gross_amount_reporting - orders.discount_amount_reporting') }} as amount_reporting
    from orders
    inner join clock on orders.placed_at <= clock.as_of
    group by orders.customer_key, orders.business_date
),

origins as (
    select
        clock.business_date as origin_date,
        false as is_holdout
    from clock
    union all
    select
        {{ add_days_to_date('clock.business_date', '-' ~ var('value_holdout_days')) }} as origin_date,
        true as is_holdout
    from clock
),

counted as (
    select
        purchases.customer_key,
        origins.origin_date,
        origins.is_holdout,
        count(*) filter (where purchases.business_date <= origins.origin_date) as purchases_count,
        count(*) filter (where purchases.business_date > origins.origin_date) as later_purchases_count,
        count(*) filter (where purchases.business_date <= origins.origin_date and purchases.amount_reporting is null)
            as missing_rates_count,
        sum(purchases.amount_reporting) filter (where purchases.business_date <= origins.origin_date) as amount_reporting,
        min(purchases.business_date) as first_purchase_date,
        max(purchases.business_date) filter (where purchases.business_date <= origins.origin_date) as last_purchase_date
    from purchases
    cross join origins
    group by purchases.customer_key, origins.origin_date, origins.is_holdout
),

final as (
    select
        counted.customer_key,
        cast(counted.purchases_count as {{ dbt.type_bigint() }}) as purchases_count,
        cast(counted.purchases_count - 1 as {{ dbt.type_bigint() }}) as repeat_purchases_count,
        cast(counted.later_purchases_count as {{ dbt.type_bigint() }}) as later_purchases_count,
        cast({{ days_between('counted.first_purchase_date', 'counted.last_purchase_date') }} as {{ dbt.type_bigint() }})
            as recency_days,
        cast({{ days_between('counted.first_purchase_date', 'counted.origin_date') }} as {{ dbt.type_bigint() }}) as observed_days,
        cast(case when counted.missing_rates_count = 0 then counted.amount_reporting end as {{ money_type() }})
            as amount_reporting,
        counted.is_holdout,
        counted.origin_date
    from counted
    where counted.purchases_count > 0
)

select * from final
