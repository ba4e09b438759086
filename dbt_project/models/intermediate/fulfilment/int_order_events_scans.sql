{# Events of scans. Each move is computed from the instants at which the parcel reached each status. #}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

numbered_scans as (
    select * from {{ ref('int_numbered_scans_matched') }}
),

scans as (
    select
        tracking.shipment_id,
        tracking.status,
        tracking.occurred_at,
        tracking.location,
        tracking.detail,
        tracking._file_id,
        tracking._record,
        tracking._source
    from tracking
    where
        tracking.is_current
        and tracking.shipment_id is not null
    union all
    select
        numbered_scans.shipment_id,
        tracking.status,
        tracking.occurred_at,
        tracking.location,
        tracking.detail,
        tracking._file_id,
        tracking._record,
        tracking._source
    from tracking
    inner join numbered_scans
        on
            tracking.carrier = numbered_scans.carrier
            and tracking.tracking_number = numbered_scans.tracking_number
            and tracking.status = numbered_scans.status
            and tracking.occurred_at = numbered_scans.occurred_at
    where
        tracking.is_current
        and tracking.shipment_id is null
        and {{ is_touched('numbered_scans.order_id', touched) }}
),

scanned_parcels as (
    select
        shipments.order_id,
        scans.shipment_id,
        scans.status,
        scans.occurred_at,
        scans.location,
        scans.detail,
        shipments.carrier,
        {{ delivery_rank('scans.status') }} as own_rank,
        {{ delivery_rank_before('shipments', 'scans.occurred_at', delivery_rank('scans.status')) }} as rank_before,
        coalesce(shipments.lost_scan_at < scans.occurred_at, false) as was_lost,
        coalesce(shipments.cancelled_scan_at < scans.occurred_at, false) as was_cancelled,
        scans._file_id,
        scans._record,
        scans._source
    from scans
    inner join shipments on scans.shipment_id = shipments.shipment_id
    inner join states on shipments.order_id = states.order_id
),

final as (
    select
        scanned_parcels.order_id,
        scanned_parcels.occurred_at,
        500 + scanned_parcels.own_rank as event_rank,
        'tracking' as feed,
        scanned_parcels.status as event,
        scanned_parcels.shipment_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        'delivery_status' as axis,
        {{ delivery_status_at('scanned_parcels.rank_before', 'scanned_parcels.was_cancelled', 'scanned_parcels.was_lost') }}
            as from_status,
        {{ delivery_status_at(
            'greatest(scanned_parcels.rank_before, scanned_parcels.own_rank)',
            "(scanned_parcels.was_cancelled or scanned_parcels.status = 'cancelled')",
            "(scanned_parcels.was_lost or scanned_parcels.status = 'lost')"
        ) }} as to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        coalesce(scanned_parcels.detail, scanned_parcels.location) as detail,
        coalesce(scanned_parcels.carrier, scanned_parcels._source) as actor,
        scanned_parcels._file_id,
        scanned_parcels._record,
        scanned_parcels._source
    from scanned_parcels
)

select * from final
