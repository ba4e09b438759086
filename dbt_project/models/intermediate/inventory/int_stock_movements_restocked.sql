{# Units that returns put back into stock. A return without a SKU has the SKU of its order line. #}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='ephemeral', step_of='int_stock_movements') }}
-- depends_on: {{ ref('int_touched_skus') }}

with return_lines as (
    select * from {{ ref('int_return_lines') }}
    where restocked_quantity > 0
),

returns as (
    select * from {{ ref('stg_returns') }}
    where is_current and status = 'restocked'
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
    where is_current
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

coverage as (
    select * from {{ ref('int_coverage') }}
    where feed = 'stock' and is_tracked
),

restocked_lines as (
    select
        coalesce(returns.sku, return_lines.sku, order_lines.sku) as sku,
        coalesce(returns.warehouse_id, return_lines.warehouse_id, 'unassigned') as warehouse_id,
        returns.return_id,
        returns.line_id,
        return_lines.order_id,
        returns.quantity,
        returns.occurred_at,
        returns._file_id,
        returns._record,
        returns._source
    from returns
    inner join return_lines
        on
            returns.return_id = return_lines.return_id
            and returns.line_id = return_lines.line_id
    left join order_lines
        on
            return_lines.order_id = order_lines.order_id
            and return_lines.line_id = order_lines.line_id
),

final as (
    select
        cast(restocked_lines.sku as {{ dbt.type_string() }}) as sku,
        cast(restocked_lines.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        'restock' as kind,
        restocked_lines.return_id as document_id,
        restocked_lines.line_id,
        restocked_lines.order_id,
        cast(null as {{ dbt.type_string() }}) as reference,
        cast(restocked_lines.quantity as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ dbt.type_bigint() }}) as counted_quantity,
        {{ business_date('restocked_lines.occurred_at') }} as business_date,
        restocked_lines.occurred_at,
        restocked_lines._file_id,
        restocked_lines._record,
        restocked_lines._source
    from restocked_lines
    left join orders on restocked_lines.order_id = orders.order_id
    inner join coverage on coalesce(orders._source, restocked_lines._source) = coverage.source
    where
        restocked_lines.sku is not null
        and not coalesce(orders.is_test, false)
        and not exists (
            select 1 from products
            where products.sku = restocked_lines.sku and products.kind = 'service'
        )
        and {{ is_touched('restocked_lines.sku', touched) }}
)

select * from final
