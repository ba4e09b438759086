{# Units that shipments take from a warehouse, and units that cancelled shipments put back. #}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='ephemeral', step_of='int_stock_movements') }}
-- depends_on: {{ ref('int_touched_skus') }}

with shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where
        sku is not null
        and {{ is_touched('sku', touched) }}
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

-- A shipment is tracked for stock as its order is; one without an order, as its own source.
tracked_lines as (
    select
        shipment_lines.sku,
        coalesce(shipment_lines.warehouse_id, 'unassigned') as warehouse_id,
        shipment_lines.shipment_id,
        shipment_lines.line_id,
        shipment_lines.order_id,
        shipment_lines.quantity,
        shipment_lines.shipped_at,
        shipment_lines.cancelled_at,
        shipment_lines._file_id,
        shipment_lines._record,
        shipment_lines._source
    from shipment_lines
    left join orders on shipment_lines.order_id = orders.order_id
    inner join coverage on coalesce(orders._source, shipment_lines._source) = coverage.source
    where
        not coalesce(orders.is_test, false)
        and not exists (
            select 1 from products
            where products.sku = shipment_lines.sku and products.kind = 'service'
        )
),

movements as (
    select
        tracked_lines.*,
        'shipment' as kind,
        -tracked_lines.quantity as moved_quantity,
        tracked_lines.shipped_at as occurred_at
    from tracked_lines
    union all
    select
        tracked_lines.*,
        'unshipment' as kind,
        tracked_lines.quantity as moved_quantity,
        tracked_lines.cancelled_at as occurred_at
    from tracked_lines
    where tracked_lines.cancelled_at is not null
),

final as (
    select
        cast(movements.sku as {{ dbt.type_string() }}) as sku,
        cast(movements.warehouse_id as {{ dbt.type_string() }}) as warehouse_id,
        movements.kind,
        movements.shipment_id as document_id,
        movements.line_id,
        movements.order_id,
        cast(null as {{ dbt.type_string() }}) as reference,
        cast(movements.moved_quantity as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ dbt.type_bigint() }}) as counted_quantity,
        {{ business_date('movements.occurred_at') }} as business_date,
        movements.occurred_at,
        movements._file_id,
        movements._record,
        movements._source
    from movements
)

select * from final
