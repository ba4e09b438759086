{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with shipments as (
    select * from {{ ref('int_shipments') }}
    where {{ is_touched('order_id', touched) }}
),

orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

final as (
    select
        shipments.shipment_id,
        shipments.order_id,
        shipments.carrier,
        shipments.service,
        shipments.tracking_number,
        shipments.warehouse_id,
        shipments.furthest_status as delivery_status,
        shipments.latest_scan_status,
        shipments.cost_currency,
        shipments._source as source,
        shipments.lines_count,
        shipments.quantity,
        shipments.scans_count,
        shipments.cost_amount,
        shipments.has_delivery_problem,
        shipments.is_delivered,
        shipments.is_cancelled,
        shipments.is_lost,
        shipments.is_returned,
        shipments.shipped_at,
        shipments.estimated_delivery_at,
        shipments.first_attempt_at,
        shipments.delivered_at,
        shipments.cancelled_at,
        shipments.lost_at,
        shipments.returned_at,
        shipments.last_scan_at,
        {{ hours_between('shipments.shipped_at', 'shipments.delivered_at') }} as hours_in_transit,
        {{ this_batch() }} as _batch_id
    from shipments
    inner join orders on shipments.order_id = orders.order_id
)

select * from final
