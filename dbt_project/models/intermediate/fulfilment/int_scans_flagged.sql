{# Order of each scan that has conflicting contents or a word that is in no vocabulary. Only flagged rows are read. #}
{{ config(materialized='ephemeral') }}

with flagged_scans as (
    select * from {{ ref('stg_tracking') }}
    where
        has_conflict
        or (status = 'unknown' and is_current)
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

numbered_scans as (
    select * from {{ ref('int_numbered_scans_matched') }}
),

final as (
    select
        case when shipments.order_id is null and numbered_scans.order_id is null then 'parcel' else 'order' end
            as subject_type,
        coalesce(shipments.order_id, numbered_scans.order_id, flagged_scans.scan_key) as subject_id,
        coalesce(shipments.order_id, numbered_scans.order_id) as order_id,
        flagged_scans.scan_key,
        flagged_scans.status,
        flagged_scans.status_word,
        flagged_scans.occurred_at,
        flagged_scans.is_current,
        flagged_scans.has_conflict,
        flagged_scans._source
    from flagged_scans
    left join shipments on flagged_scans.shipment_id = shipments.shipment_id
    left join numbered_scans
        on
            flagged_scans.shipment_id is null
            and flagged_scans.carrier = numbered_scans.carrier
            and flagged_scans.tracking_number = numbered_scans.tracking_number
            and flagged_scans.status = numbered_scans.status
            and flagged_scans.occurred_at = numbered_scans.occurred_at
)

select * from final
