{#
  Log of days whose revenue changed: they gained rows, lost rows, sold a product whose category or cost changed, or got a rate,
  which counts for a week. Rows are only added. A full build starts with an empty log, because it rebuilds everything.
#}
{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set since = watermark() %}

with revenue_sales as (
    select * from {{ ref('int_revenue_sales') }}
),

revenue_returns as (
    select * from {{ ref('int_revenue_returns') }}
),

revenue_cash as (
    select * from {{ ref('int_revenue_cash') }}
),

fresh_products as (
    select products.sku
    from {{ ref('int_revenue_products') }} as products
    where products._batch_id > {{ since }}
),

fx_rates as (
    select * from {{ ref('stg_fx_rates') }}
),

changed as (
    {% for clock in recognition_clocks() -%}
    select revenue_sales.{{ clock }}_date as business_date
    from revenue_sales
    where
        revenue_sales._batch_id > {{ since }}
        or revenue_sales.sku in (select fresh_products.sku from fresh_products)
    union
    {% endfor -%}
    {% for table in ['revenue_returns', 'revenue_cash'] -%}
    select {{ table }}.business_date
    from {{ table }}
    where
        {{ table }}._batch_id > {{ since }}
        or {{ table }}.sku in (select fresh_products.sku from fresh_products)
    union
    {% endfor -%}
    select {{ add_days_to_date('fx_rates.rate_date', 'ages.age') }} as business_date
    from fx_rates
    cross join (values (0), (1), (2), (3), (4), (5), (6), (7)) as ages (age)
    where fx_rates._batch_id > {{ since }}
    union
    select replaced.business_date
    from {{ replaced_revenue_days() }} as replaced
    where replaced._batch_id > {{ since }}
),

final as (
    select
        changed.business_date,
        {{ this_batch() }} as _batch_id
    from changed
    where
        changed.business_date is not null
        and {{ 'true' if is_incremental() else 'false' }}
)

select * from final
