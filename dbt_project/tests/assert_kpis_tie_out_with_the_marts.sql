-- Sums over all days along every dimension of the KPI are compared with the mart that the KPI comes from.
with kpis as (
    select
        kpi_daily.kpi,
        kpi_daily.dimension,
        sum(kpi_daily.numerator) as total,
        count(*) - count(kpi_daily.numerator) as unknown_count
    from {{ ref('fct_kpi_daily') }} as kpi_daily
    where kpi_daily.kpi in ('orders', 'new_customers', 'gross_sales', 'net_sales', 'customer_lifetime_value')
    group by kpi_daily.kpi, kpi_daily.dimension
),

orders as (
    select count(*) as total from {{ ref('fct_orders') }}
),

customers as (
    select
        count(case when customers.orders_count > 0 then 1 end) as total,
        sum(case when customers.orders_count > 0 then customers.net_spend_amount_reporting end) as net_spend
    from {{ ref('dim_customers') }} as customers
),

revenue as (
    select
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
