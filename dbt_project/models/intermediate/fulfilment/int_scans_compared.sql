{#
  Scans of each order's parcels, with the state of the parcel before and after each. The state follows from the scans seen
  until then, so it does not depend on the order of arrival.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
    where {{ is_touched('order_id', touched) }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

numbered_scans as (
    select * from {{ ref('int_numbered_scans_matched') }}
),

named_scans as (
    select
        tracking.*,
        tracking.shipment_id as parcel_id,
        cast(null as {{ dbt.type_string() }}) as matched_order_id,
        false as is_repeated
    from tracking
    where
        tracking.is_current
        and tracking.shipment_id is not null
        and tracking.shipment_id in (select shipments.shipment_id from shipments)
),

-- A scan that was also received with the shipment's id moves the parcel once.
matched_scans as (
    select
        tracking.*,
        numbered_scans.shipment_id as parcel_id,
        numbered_scans.order_id as matched_order_id,
        named_scans.parcel_id is not null as is_repeated
    from tracking
    inner join numbered_scans
        on
            tracking.carrier = numbered_scans.carrier
            and tracking.tracking_number = numbered_scans.tracking_number
            and tracking.status = numbered_scans.status
            and tracking.occurred_at = numbered_scans.occurred_at
    left join named_scans
        on
            numbered_scans.shipment_id = named_scans.parcel_id
            and numbered_scans.status = named_scans.status
            and numbered_scans.occurred_at = named_scans.occurred_at
    where
        tracking.is_current
        and tracking.shipment_id is null
        and {{ is_touched('numbered_scans.order_id', touched) }}
),

scans as (
    select * from named_scans
    union all
    select * from matched_scans
),

seen as (
    select
        shipments.order_id,
        scans.parcel_id as shipment_id,
        scans.status,
        scans.occurred_at,
        {{ scan_position('scans.status') }} as scan_position,
        scans.is_repeated or coalesce(scans.matched_order_id <> shipments.order_id, false) as is_repeated,
        shipments.shipped_at,
        shipments.carrier,
        coalesce(scans.detail, scans.location) as detail,
        {{ scans_seen('shipments', 'scans.occurred_at', scan_position('scans.status')) }},
        {{ scans_seen('shipments', 'scans.occurred_at', scan_position('scans.status') ~ ' - 1', 'earlier_') }},
        scans._file_id,
        scans._record,
        scans._source
    from scans
    inner join shipments on scans.parcel_id = shipments.shipment_id
    inner join states on shipments.order_id = states.order_id
),

turned as (
    select
        seen.*,
        {{ customer_delivered_at('seen') }} as customer_delivered_at,
        {{ back_at('seen') }} as back_at,
        {{ before_event(customer_delivered_at('seen'), 'seen') }} as earlier_customer_delivered_at,
        {{ before_event(back_at('seen'), 'seen') }} as earlier_back_at
    from seen
),

ranked as (
    select
        turned.*,
        {{ furthest_delivery_rank('turned') }} as furthest_rank,
        {{ before_event(furthest_delivery_rank('turned'), 'turned') }} as earlier_furthest_rank,
        {{ parcel_outcome('turned') }} as outcome,
        {{ before_event(parcel_outcome('turned'), 'turned') }} as earlier_outcome
    from turned
),

final as (
    select
        ranked.order_id,
        ranked.shipment_id,
        ranked.status,
        ranked.occurred_at,
        500 + case when ranked.is_repeated then 50 else 0 end + ranked.scan_position as event_rank,
        ranked.is_repeated,
        ranked.shipped_at,
        ranked.carrier,
        ranked.detail,
        {{ delivery_status_at('ranked.furthest_rank', 'ranked.cancelled_at is not null', 'ranked.lost_at is not null') }}
            as parcel_status,
        {{ delivery_status_at(
            'ranked.earlier_furthest_rank', 'ranked.earlier_cancelled_at is not null', 'ranked.earlier_lost_at is not null'
        ) }} as earlier_parcel_status,
        ranked.outcome,
        ranked.earlier_outcome,
        ranked.shipped_at <= ranked.occurred_at or {{ first_scan_at('ranked') }} is not null as is_on_its_way,
        ranked.shipped_at <= ranked.occurred_at or {{ before_event(first_scan_at('ranked'), 'ranked') }} is not null
            as earlier_is_on_its_way,
        ranked._file_id,
        ranked._record,
        ranked._source
    from ranked
)

select * from final
