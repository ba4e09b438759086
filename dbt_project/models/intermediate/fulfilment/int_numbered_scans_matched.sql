{#
  Scans that name no shipment, only a carrier and a number. Carriers reuse numbers, so a scan belongs to the latest
  shipment with its number and shipped_at − 7 days ≤ occurred_at ≤ shipped_at + 90 days. A shipment received without a
  number has the numbers that its own scans name.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with shipments as (
    select * from {{ ref('stg_shipments') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

named_numbers as (
    select
        shipments.carrier,
        shipments.tracking_number,
        shipments.shipment_id,
        shipments.order_id,
        min(shipments.shipped_at) as shipped_at
    from shipments
    where
        shipments.is_current
        and shipments.tracking_number is not null
        and shipments.carrier is not null
    group by all
    union
    select
        tracking.carrier,
        tracking.tracking_number,
        shipments.shipment_id,
        shipments.order_id,
        min(shipments.shipped_at) as shipped_at
    from tracking
    inner join shipments on tracking.shipment_id = shipments.shipment_id
    where
        shipments.is_current
        and shipments.tracking_number is null
        and tracking.is_current
        and tracking.tracking_number is not null
        and tracking.carrier is not null
    group by all
),

touched_numbers as (
    select distinct
        named_numbers.carrier,
        named_numbers.tracking_number
    from named_numbers
    where {{ is_touched('named_numbers.order_id', touched) }}
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
    select named_numbers.*
    from named_numbers
    inner join touched_numbers
        on
            named_numbers.carrier = touched_numbers.carrier
            and named_numbers.tracking_number = touched_numbers.tracking_number
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
