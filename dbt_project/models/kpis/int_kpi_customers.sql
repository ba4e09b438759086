{#- Customers by the day of their first order, with their repeat purchases and their spend so far. -#}
with customers as (
    select * from {{ ref('int_customer_totals') }}
    where first_order_date is not null
),

as_of as (
    select * from {{ ref('as_of') }}
),

acquired as (
    select
        customers.first_order_date as business_date,
        coalesce(customers.first_channel, 'unknown') as channel,
        coalesce(customers.first_country, 'unknown') as country,
        customers.first_source as source,
        count(*) as customers_count,
        {{ whole_sum('customers.net_spend_amount_reporting') }} as net_spend_amount
    from customers
    group by
        customers.first_order_date,
        coalesce(customers.first_channel, 'unknown'),
        coalesce(customers.first_country, 'unknown'),
        customers.first_source
),

matured as (
    select
        customers.first_order_date as business_date,
        coalesce(customers.first_channel, 'unknown') as channel,
        coalesce(customers.first_country, 'unknown') as country,
        customers.first_source as source,
        count(*) as customers_count,
        {{ count_if(
            'customers.second_purchase_at <= ' ~ add_days('customers.first_purchase_at', 90)
        ) }} as retained_count
    from customers
    cross join as_of
    where customers.purchases_count > 0 and {{ add_days('customers.first_purchase_at', 90) }} <= as_of.as_of
    group by
        customers.first_order_date,
        coalesce(customers.first_channel, 'unknown'),
        coalesce(customers.first_country, 'unknown'),
        customers.first_source
),

final as (
    {{ kpi_rows('acquired', [('customer_lifetime_value', 'net_spend_amount', 'customers_count')]) }}
    union all
    {{ kpi_rows('matured', [('retention_90d', 'retained_count', 'customers_count')]) }}
)

select * from final
