{# Sums of the events of a day. A rate that arrives or is corrected touches the days that it counts for. #}
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

rates as (
    select * from {{ ref('int_fx_daily') }}
    where {{ is_touched('rate_date', touched, key='business_date') }}
),

currencies as (
    select * from {{ ref('currencies') }}
),

clocks as (
    select clocks.recognition_clock
    from (values {% for clock in recognition_clocks() %}('{{ clock }}'){{ ', ' if not loop.last }}{% endfor %}) as clocks (recognition_clock)
),

events as (
    {{ revenue_events(recognition_clocks(), touched) }}
),

valued as (
    {{ revenue_events_valued() }}
),

-- Sums are never partial: if a rate or a cost is unknown, they are null.
summed as (
    select
        valued.business_date,
        valued.recognition_clock,
        coalesce(valued.channel, 'unknown') as channel,
        coalesce(valued.country, 'unknown') as country,
        valued.category,
        valued.currency,
        count(*) as events_count,
        sum(case when valued.is_rate_missing then 1 else 0 end) as missing_rates_count,
        sum(case when valued.is_cost_missing then 1 else 0 end) as missing_costs_count,
        {% for column in quantities + amounts -%}
        sum(valued.{{ column }}) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        sum(valued.{{ column }}_reporting) as {{ column }}_reporting,
        {% endfor -%}
        {{ whole_sum('valued.cost_of_goods_amount') }} as cost_of_goods_amount,
        {{ whole_sum('valued.cost_of_goods_amount_reporting') }} as cost_of_goods_amount_reporting
    from valued
    group by
        valued.business_date,
        valued.recognition_clock,
        coalesce(valued.channel, 'unknown'),
        coalesce(valued.country, 'unknown'),
        valued.category,
        valued.currency
),

final as (
    select
        summed.business_date,
        summed.recognition_clock,
        summed.channel,
        summed.country,
        summed.category,
        summed.currency,
        {% for column in ['events_count', 'missing_rates_count', 'missing_costs_count'] + quantities -%}
        cast(summed.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast(summed.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(case when summed.missing_costs_count = 0 then summed.cost_of_goods_amount end as {{ money_type() }})
            as cost_of_goods_amount,
        {% for column in amounts -%}
        cast(case when summed.missing_rates_count = 0 then summed.{{ column }}_reporting end as {{ money_type() }})
            as {{ column }}_reporting,
        {% endfor -%}
        cast(case when summed.missing_costs_count = 0 then summed.cost_of_goods_amount_reporting end as {{ money_type() }})
            as cost_of_goods_amount_reporting,
        {{ this_batch() }} as _batch_id
    from summed
)

select * from final
