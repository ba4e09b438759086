{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with shipments as (
    select * from {{ ref('stg_shipments') }}
),

shipment_headers as (
    select * from {{ ref('int_shipments') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipped as (
    select
        shipments.shipment_id,
        shipments.line_id,
        shipments.order_id,
        shipments.sku,
        shipments.warehouse_id,
        shipments.quantity,
        shipments.shipped_at,
        shipments._file_id,
        shipments._record,
        shipments._source
    from shipments
    where
        shipments.is_current
        and {{ is_touched('shipments.order_id', touched) }}
),

line_skus as (
    select
        order_lines.order_id,
        order_lines.line_id,
        min(order_lines.sku) as first_sku,
        max(order_lines.sku) as last_sku
    from order_lines
    where {{ is_touched('order_lines.order_id', touched) }}
    group by
        order_lines.order_id,
        order_lines.line_id
),

-- For a line whose SKU changed, the version valid when the parcel left counts, else the first version.
changed_skus as (
    select
        shipped.shipment_id,
        shipped.order_id,
        shipped.line_id,
        order_lines.sku
    from shipped
    inner join line_skus
        on
            shipped.order_id = line_skus.order_id
            and shipped.line_id = line_skus.line_id
            and line_skus.first_sku <> line_skus.last_sku
    inner join order_lines
        on
            shipped.order_id = order_lines.order_id
            and shipped.line_id = order_lines.line_id
    qualify row_number() over (
        partition by shipped.shipment_id, shipped.order_id, shipped.line_id
        order by
            case when order_lines.updated_at <= shipped.shipped_at then 0 else 1 end,
            case when order_lines.updated_at <= shipped.shipped_at then order_lines.updated_at end desc nulls last,
            order_lines.updated_at,
            order_lines.content_hash desc nulls last
    ) = 1
),

final as (
    select
        shipped.shipment_id,
        shipped.line_id,
        shipped.order_id,
        coalesce(shipped.sku, changed_skus.sku, line_skus.last_sku) as sku,
        coalesce(changed_skus.sku, line_skus.last_sku) as ordered_sku,
        shipped.warehouse_id,
        shipment_headers.outcome,
        shipped.quantity,
        shipment_headers.is_cancelled,
        shipment_headers.is_lost,
        shipment_headers.is_returned,
        shipment_headers.is_delivered,
        line_skus.order_id is not null as has_order_line,
        shipped.shipped_at,
        shipment_headers.delivered_at,
        shipment_headers.cancelled_at,
        shipment_headers.lost_at,
        shipment_headers.returned_at,
        shipped._file_id,
        shipped._record,
        shipped._source,
        {{ this_batch() }} as _batch_id
    from shipped
    inner join shipment_headers
        on
            shipped.shipment_id = shipment_headers.shipment_id
            and shipped.order_id = shipment_headers.order_id
    left join line_skus
        on
            shipped.order_id = line_skus.order_id
            and shipped.line_id = line_skus.line_id
    left join changed_skus
        on
            shipped.shipment_id = changed_skus.shipment_id
            and shipped.order_id = changed_skus.order_id
            and shipped.line_id = changed_skus.line_id
)

select * from final
