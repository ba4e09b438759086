-- Sums over all days along every dimension of the KPI are compared with the mart that the KPI comes from.
with kpis as (
    select
        kpi_daily.kpi,
        kpi_daily.dimension,
        sum(kpi_daily.numerator) as total,
        count(*) - count(kpi_daily.numerator) as unknown_count
    from {{ ref('fct_kpi_daily') }} as kpi_daily
    where kpi_daily.kpi in (
        'orders', 'orders_recognised', 'new_customers', 'gross_sales', 'net_sales', 'discount_share', 'return_rate_value',
        'customer_lifetime_value', 'cancellation_rate', 'repeat_rate'
    )
    group by kpi_daily.kpi, kpi_daily.dimension
),

orders as (
    select
        count(*) as total,
        {{ count_if("orders.order_status = 'cancelled'") }} as cancelled_total,
        {{ count_if(is_identified('orders.customer_key')) }} as identified_total
    from {{ ref('fct_orders') }} as orders
),

customers as (
    select
        count(case when customers.orders_count > 0 then 1 end) as total,
        sum(case when customers.orders_count > 0 then customers.net_spend_amount_reporting end) as net_spend
    from {{ ref('dim_customers') }} as customers
),

revenue as (
    select
        sum(revenue.orders_count) as orders_count,
        sum(revenue.discounts_amount_reporting) as discounts,
        sum(revenue.returns_amount_reporting) as returns,
        sum(revenue.gross_sales_amount_reporting) as gross_sales,
        sum(revenue.net_sales_amount_reporting) as net_sales
    from {{ ref('fct_revenue_daily') }} as revenue
    where revenue.recognition_clock = 'placed'
),

expected as (
    select 'orders' as kpi, orders.total from orders
    union all
    select 'new_customers' as kpi, customers.total from customers
    union all
    select 'customer_lifetime_value' as kpi, customers.net_spend as total from customers
    union all
    select 'cancellation_rate' as kpi, orders.cancelled_total as total from orders
    union all
    -- Every order of a known customer but the first.
    select 'repeat_rate' as kpi, orders.identified_total - customers.total as total from orders
    cross join customers
    union all
    select 'orders_recognised' as kpi, revenue.orders_count as total from revenue
    union all
    select 'discount_share' as kpi, revenue.discounts as total from revenue
    union all
    select 'return_rate_value' as kpi, revenue.returns as total from revenue
    union all
    select 'gross_sales' as kpi, revenue.gross_sales as total from revenue
    union all
    select 'net_sales' as kpi, revenue.net_sales as total from revenue
)

select
    expected.kpi,
    kpis.dimension,
    expected.total as mart_total,
    kpis.total as kpi_total
from expected
inner join kpis on expected.kpi = kpis.kpi
where kpis.unknown_count = 0 and kpis.total <> coalesce(expected.total, 0)
