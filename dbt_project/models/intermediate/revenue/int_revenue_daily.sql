{# Revenue by day in its original currencies. marts.fct_revenue_daily adds the reporting currency. #}
{%- set touched = ['int_revenue_days'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='business_date', touched=touched) }}
-- depends_on: {{ ref('int_revenue_days') }}
{%- set amounts = [
    'gross_sales_amount', 'discounts_amount', 'returns_amount', 'tax_amount', 'shipping_amount', 'refunds_amount', 'fees_amount'
] -%}
{%- set quantities = ['orders_count', 'units_quantity', 'returned_quantity'] %}

with revenue_sales as (
    select * from {{ ref('int_revenue_sales') }}
),

revenue_returns as (
    select * from {{ ref('int_revenue_returns') }}
    where {{ is_touched('business_date', touched) }}
),

revenue_cash as (
    select * from {{ ref('int_revenue_cash') }}
    where {{ is_touched('business_date', touched) }}
),

products as (
    select * from {{ ref('int_revenue_products') }}
),

clocks as (
    select clocks.recognition_clock
    from (values {% for clock in recognition_clocks() %}('{{ clock }}'){{ ', ' if not loop.last }}{% endfor %}) as clocks (recognition_clock)
),

events as (
    {% for clock in recognition_clocks() -%}
    select
        revenue_sales.{{ clock }}_date as business_date,
        '{{ clock }}' as recognition_clock,
        revenue_sales.channel,
        revenue_sales.country,
        revenue_sales.currency,
        revenue_sales.sku,
        revenue_sales.placed_date as cost_date,
        revenue_sales.units_quantity as cost_quantity,
        revenue_sales.orders_count,
        revenue_sales.units_quantity,
        0 as returned_quantity,
        revenue_sales.gross_sales_amount,
        revenue_sales.discounts_amount,
        0 as returns_amount,
        revenue_sales.tax_amount,
        revenue_sales.shipping_amount,
        0 as refunds_amount,
        0 as fees_amount
    from revenue_sales
    where
        revenue_sales.{{ clock }}_date is not null
        and {{ is_touched('revenue_sales.' ~ clock ~ '_date', touched, key='business_date') }}
    union all
    {% endfor -%}
    select
        revenue_returns.business_date,
        revenue_returns.recognition_clock,
        revenue_returns.channel,
        revenue_returns.country,
        revenue_returns.currency,
        revenue_returns.sku,
        revenue_returns.cost_date,
        -revenue_returns.restocked_quantity as cost_quantity,
        0 as orders_count,
        0 as units_quantity,
        revenue_returns.returned_quantity,
        0 as gross_sales_amount,
        0 as discounts_amount,
        revenue_returns.returns_amount,
        revenue_returns.tax_amount,
        0 as shipping_amount,
        0 as refunds_amount,
        0 as fees_amount
    from revenue_returns
    union all
    select
        revenue_cash.business_date,
        clocks.recognition_clock,
        revenue_cash.channel,
        revenue_cash.country,
        revenue_cash.currency,
        revenue_cash.sku,
        revenue_cash.business_date as cost_date,
        0 as cost_quantity,
        0 as orders_count,
        0 as units_quantity,
        0 as returned_quantity,
        0 as gross_sales_amount,
        0 as discounts_amount,
        0 as returns_amount,
        0 as tax_amount,
        0 as shipping_amount,
        revenue_cash.refunds_amount,
        revenue_cash.fees_amount
    from revenue_cash
    cross join clocks
),

-- Services have no cost of goods unless one is stated.
costed as (
    select
        events.*,
        coalesce(products.category, 'unknown') as category,
        case when events.cost_quantity <> 0 then products.cost_currency end as cost_currency,
        events.cost_quantity * products.unit_cost_amount as cost_amount,
        case
            when events.cost_quantity <> 0 and products.unit_cost_amount is null and coalesce(products.kind, 'goods') <> 'service'
                then 1
            else 0
        end as missing_cost
    from events
    left join products
        on
            events.sku = products.sku
            and events.cost_date >= products.from_date
            and events.cost_date < products.until_date
),

final as (
    select
        costed.business_date,
        costed.recognition_clock,
        coalesce(costed.channel, 'unknown') as channel,
        coalesce(costed.country, 'unknown') as country,
        costed.category,
        costed.currency,
        coalesce(costed.cost_currency, costed.currency) as cost_currency,
        cast(count(*) as {{ dbt.type_bigint() }}) as events_count,
        cast(sum(costed.missing_cost) as {{ dbt.type_bigint() }}) as missing_costs_count,
        {% for column in quantities -%}
        cast(sum(costed.{{ column }}) as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast(sum(costed.{{ column }}) as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(coalesce(sum(costed.cost_amount), 0) as {{ money_type() }}) as cost_of_goods_amount,
        {{ this_batch() }} as _batch_id
    from costed
    group by
        costed.business_date,
        costed.recognition_clock,
        coalesce(costed.channel, 'unknown'),
        coalesce(costed.country, 'unknown'),
        costed.category,
        costed.currency,
        coalesce(costed.cost_currency, costed.currency)
)

select * from final
