{# Customers of a month of first orders, and those of them who bought in each month from then on. #}
with customers as (
    select * from {{ ref('int_customer_totals') }}
    where first_order_date is not null
),

customer_orders as (
    select * from {{ ref('int_customer_orders') }}
    where is_purchase and {{ is_identified('customer_key') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

members as (
    select
        customers.customer_key,
        {{ month_start('customers.first_order_date') }} as first_order_month,
        coalesce(customers.first_channel, 'unknown') as channel,
        coalesce(customers.first_category, 'unknown') as first_category,
        case when customers.has_first_discount then 'discounted' else 'full_price' end as first_discount
    from customers
),

cohorts as (
    select
        members.first_order_month,
        members.channel,
        members.first_category,
        members.first_discount,
        count(*) as customers_count
    from members
    group by members.first_order_month, members.channel, members.first_category, members.first_discount
),

days as (
    {{ day_series(
        "(select min(cohorts.first_order_month) from cohorts)", "(select max(as_of.business_date) from as_of)"
    ) }}
),

months as (
    select days.day as active_month
    from days
    where extract(day from days.day) = 1
),

bought as (
    select
        members.first_order_month,
        members.channel,
        members.first_category,
        members.first_discount,
        {{ month_start('customer_orders.business_date') }} as active_month,
        count(distinct customer_orders.customer_key) as active_customers_count,
        count(*) as purchases_count
    from customer_orders
    inner join members on customer_orders.customer_key = members.customer_key
    group by
        members.first_order_month,
        members.channel,
        members.first_category,
        members.first_discount,
        {{ month_start('customer_orders.business_date') }}
),

final as (
    select
        cohorts.first_order_month,
        cohorts.channel,
        cohorts.first_category,
        cohorts.first_discount,
        cast(
            (extract(year from months.active_month) - extract(year from cohorts.first_order_month)) * 12
            + extract(month from months.active_month) - extract(month from cohorts.first_order_month)
            as {{ dbt.type_bigint() }}
        ) as months_after,
        cast(cohorts.customers_count as {{ dbt.type_bigint() }}) as customers_count,
        cast(coalesce(bought.active_customers_count, 0) as {{ dbt.type_bigint() }}) as active_customers_count,
        cast(coalesce(bought.purchases_count, 0) as {{ dbt.type_bigint() }}) as purchases_count,
        {{ ratio('coalesce(bought.active_customers_count, 0)', 'cohorts.customers_count') }} as retention_rate,
        {{ month_start(add_days_to_date('months.active_month', 31)) }} <= as_of.business_date as is_mature,
        months.active_month
    from cohorts
    cross join as_of
    inner join months on cohorts.first_order_month <= months.active_month
    left join bought
        on
            months.active_month = bought.active_month
            and cohorts.first_order_month = bought.first_order_month
            and cohorts.channel = bought.channel
            and cohorts.first_category = bought.first_category
            and cohorts.first_discount = bought.first_discount
)

select * from final
