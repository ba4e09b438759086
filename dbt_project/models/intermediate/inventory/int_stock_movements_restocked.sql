{#
  Units that returns put back into stock. A return without a SKU has that of the version of its order line in force then, as
  a parcel without one has.
#}
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
    select * from {{ ref('stg_order_lines') }}
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
        coalesce(returns.sku, return_lines.sku) as sku,
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
),

-- Before the first version of the line, the first one counts.
line_skus as (
    select
        restocked_lines.return_id,
        restocked_lines.line_id,
        restocked_lines.occurred_at,
        order_lines.sku
    from restocked_lines
    inner join order_lines
        on
            restocked_lines.order_id = order_lines.order_id
            and restocked_lines.line_id = order_lines.line_id
    where restocked_lines.sku is null
    qualify row_number() over (
        partition by restocked_lines.return_id, restocked_lines.line_id, restocked_lines.occurred_at
        order by
            case when order_lines.updated_at <= restocked_lines.occurred_at then 0 else 1 end,
            case when order_lines.updated_at <= restocked_lines.occurred_at then order_lines.updated_at end desc nulls last,
            order_lines.updated_at,
            order_lines.content_hash desc nulls last
    ) = 1
),

named_lines as (
    select
        coalesce(restocked_lines.sku, line_skus.sku) as sku,
        restocked_lines.warehouse_id,
        restocked_lines.return_id,
        restocked_lines.line_id,
        restocked_lines.order_id,
        restocked_lines.quantity,
        restocked_lines.occurred_at,
        restocked_lines._file_id,
        restocked_lines._record,
        restocked_lines._source
    from restocked_lines
    left join line_skus
        on
            restocked_lines.return_id = line_skus.return_id
            and restocked_lines.line_id = line_skus.line_id
            and restocked_lines.occurred_at = line_skus.occurred_at
),

final as (
    select
        cast(named_lines.sku as {{ dbt.type_string() }}) as sku,
        cast(named_lines.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        'restock' as kind,
        named_lines.return_id as document_id,
        named_lines.line_id,
        named_lines.order_id,
        cast(null as {{ dbt.type_string() }}) as reference,
        cast(named_lines.quantity as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ dbt.type_bigint() }}) as counted_quantity,
        {{ business_date('named_lines.occurred_at') }} as business_date,
        named_lines.occurred_at,
        named_lines._file_id,
        named_lines._record,
        named_lines._source
    from named_lines
    left join orders on named_lines.order_id = orders.order_id
    inner join coverage on coalesce(orders._source, named_lines._source) = coverage.source
    where
        named_lines.sku is not null
        and not coalesce(orders.is_test, false)
        and not exists (
            select 1 from products
            where products.sku = named_lines.sku and products.kind = 'service'
        )
        and {{ is_touched('named_lines.sku', touched) }}
)

select * from final
