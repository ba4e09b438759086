{#-
  KPIs of money come from fct_revenue_daily by the placed recognition clock, in the reporting currency, so that they agree
  with it. They have no source. If a rate is missing, the amount is null and not zero.
-#}
with revenue as (
    select * from {{ ref('fct_revenue_daily') }}
    where recognition_clock = 'placed'
),

sold as (
    select
        revenue.business_date,
        coalesce(revenue.channel, 'unknown') as channel,
        coalesce(revenue.country, 'unknown') as country,
        revenue.category,
        {{ whole_sum('revenue.gross_sales_amount_reporting') }} as gross_sales_amount,
        {{ whole_sum('revenue.discounts_amount_reporting') }} as discounts_amount,
        {{ whole_sum('revenue.returns_amount_reporting') }} as returns_amount,
        {{ whole_sum('revenue.net_sales_amount_reporting') }} as net_sales_amount,
        {{ whole_sum('revenue.gross_sales_amount_reporting - revenue.discounts_amount_reporting') }} as sold_amount,
        sum(revenue.orders_count) as orders_count
    from revenue
    group by
        revenue.business_date,
        coalesce(revenue.channel, 'unknown'),
        coalesce(revenue.country, 'unknown'),
        revenue.category
),

-- An order counts in one category though its lines may be of several, so orders are not kept by category.
final as (
    {{ kpi_rows('sold', [
        ('gross_sales', 'gross_sales_amount', none),
        ('net_sales', 'net_sales_amount', none),
        ('discount_share', 'discounts_amount', 'gross_sales_amount'),
        ('return_rate_value', 'returns_amount', 'sold_amount'),
    ], ['channel', 'country', 'category']) }}
    union all
    {{ kpi_rows('sold', [
        ('orders_recognised', 'orders_count', none),
        ('average_order_value', 'sold_amount', 'orders_count'),
    ], ['channel', 'country']) }}
)

select * from final
