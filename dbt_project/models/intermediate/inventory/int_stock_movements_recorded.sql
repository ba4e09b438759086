{# Receipts, adjustments and both legs of transfers, signed, as the stock feed records them. #}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='ephemeral', step_of='int_stock_movements') }}
-- depends_on: {{ ref('int_touched_skus') }}

with stock as (
    select * from {{ ref('stg_stock') }}
    where
        is_current
        and kind in ('receipt', 'adjustment', 'transfer_in', 'transfer_out')
        and sku is not null
        and {{ is_touched('sku', touched) }}
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

coverage as (
    select * from {{ ref('int_coverage') }}
    where feed = 'stock' and is_tracked
),

final as (
    select
        cast(stock.sku as {{ dbt.type_string() }}) as sku,
        cast(stock.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        stock.kind,
        stock.movement_id as document_id,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as order_id,
        stock.reference,
        cast(case when stock.kind = 'transfer_out' then -stock.quantity else stock.quantity end as {{ dbt.type_bigint() }})
            as quantity,
        cast(null as {{ dbt.type_bigint() }}) as counted_quantity,
        {{ business_date('stock.occurred_at') }} as business_date,
        stock.occurred_at,
        stock._file_id,
        stock._record,
        stock._source
    from stock
    inner join coverage on stock._source = coverage.source
    where not exists (
        select 1 from products
        where products.sku = stock.sku and products.kind = 'service'
    )
)

select * from final
