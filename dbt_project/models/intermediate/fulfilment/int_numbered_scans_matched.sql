{#
  Scans that name no shipment, only a carrier and a number. Numbers are recycled: a scan belongs to the latest shipment under
  its number with shipped_at − 7 days ≤ occurred_at ≤ shipped_at + 90 days.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}

with shipments as (
    select * from {{ ref('stg_shipments') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

touched_numbers as (
    select distinct
        shipments.carrier,
        shipments.tracking_number
    from shipments
    where
        shipments.is_current
        and shipments.tracking_number is not null
        and shipments.carrier is not null
        and {{ is_touched('shipments.order_id', touched) }}
),

numbered_scans as (
    select
        tracking.carrier,
        tracking.tracking_number,
        tracking.status,
        tracking.occurred_at
    from tracking
    where
        tracking.is_current
        and tracking.shipment_id is null
),

numbered_shipments as (
    select
        shipments.carrier,
        shipments.tracking_number,
        shipments.shipment_id,
        shipments.order_id,
        min(shipments.shipped_at) as shipped_at
    from shipments
    inner join touched_numbers
        on
            shipments.carrier = touched_numbers.carrier
            and shipments.tracking_number = touched_numbers.tracking_number
    where shipments.is_current
    group by all
),

candidates as (
    select
        numbered_shipments.order_id,
        numbered_shipments.shipment_id,
        numbered_scans.carrier,
        numbered_scans.tracking_number,
        numbered_scans.status,
        numbered_scans.occurred_at,
        row_number() over (
            partition by
                numbered_scans.carrier, numbered_scans.tracking_number, numbered_scans.status, numbered_scans.occurred_at
            order by numbered_shipments.shipped_at desc nulls last, numbered_shipments.shipment_id, numbered_shipments.order_id
        ) as candidate_number
    from numbered_scans
    inner join numbered_shipments
        on
            numbered_scans.carrier = numbered_shipments.carrier
            and numbered_scans.tracking_number = numbered_shipments.tracking_number
            and numbered_scans.occurred_at >= {{ add_days('numbered_shipments.shipped_at', -7) }}
            and numbered_scans.occurred_at <= {{ add_days('numbered_shipments.shipped_at', 90) }}
),

final as (
    select
        candidates.order_id,
        candidates.shipment_id,
        candidates.carrier,
        candidates.tracking_number,
        candidates.status,
        candidates.occurred_at,
        {{ this_batch() }} as _batch_id
    from candidates
    where
        candidates.candidate_number = 1
        and {{ is_touched('candidates.order_id', touched) }}
)

select * from final
