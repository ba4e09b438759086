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

received as (
    select
        tracking.*,
        tracking.shipment_id as parcel_id,
        cast(null as {{ dbt.type_string() }}) as matched_order_id
    from tracking
    where
        tracking.is_current
        and tracking.shipment_id is not null
        and tracking.shipment_id in (select shipments.shipment_id from shipments)
    union all
    select
        tracking.*,
        numbered_scans.shipment_id as parcel_id,
        numbered_scans.order_id as matched_order_id
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

matched as (
    select
        shipments.order_id,
        received.parcel_id as shipment_id,
        received.status,
        received.occurred_at,
        received.matched_order_id,
        coalesce(received.detail, received.location) as detail,
        received._file_id,
        received._record,
        received._source
    from received
    inner join shipments on received.parcel_id = shipments.shipment_id
    inner join states on shipments.order_id = states.order_id
),

-- A scan that was received twice, as with the shipment's id and by tracking number, moves the parcel once.
repeated as (
    select
        matched.order_id,
        matched.shipment_id,
        matched.status,
        matched.occurred_at
    from matched
    group by
        matched.order_id,
        matched.shipment_id,
        matched.status,
        matched.occurred_at
    having count(*) > 1
),

scans as (
    select
        matched.*,
        false as is_repeated
    from matched
    where not exists (
        select 1 from repeated
        where
            repeated.order_id = matched.order_id
            and repeated.shipment_id = matched.shipment_id
            and repeated.status = matched.status
            and repeated.occurred_at = matched.occurred_at
    )
    union all
    select
        matched.*,
        row_number() over (
            partition by matched.order_id, matched.shipment_id, matched.status, matched.occurred_at
            order by matched._source, matched._file_id, matched._record, matched.matched_order_id nulls first
        ) > 1 as is_repeated
    from matched
    inner join repeated
        on
            matched.order_id = repeated.order_id
            and matched.shipment_id = repeated.shipment_id
            and matched.status = repeated.status
            and matched.occurred_at = repeated.occurred_at
),

seen as (
    select
        scans.order_id,
        scans.shipment_id,
        scans.status,
        scans.occurred_at,
        {{ scan_position('scans.status') }} as scan_position,
        scans.is_repeated,
        shipments.shipped_at,
        shipments.carrier,
        scans.detail,
        {{ scans_seen('shipments', 'scans.occurred_at', scan_position('scans.status')) }},
        {{ scans_seen('shipments', 'scans.occurred_at', scan_position('scans.status') ~ ' - 1', 'earlier_') }},
        scans._file_id,
        scans._record,
        scans._source
    from scans
    inner join shipments
        on
            scans.order_id = shipments.order_id
            and scans.shipment_id = shipments.shipment_id
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
        {%- set parcel_status = delivery_status_at(
            'ranked.furthest_rank', is_cancelled_parcel('ranked'), is_lost_parcel('ranked')
        ) %}
        {{ parcel_status }} as parcel_status,
        {{ before_event(parcel_status, 'ranked') }} as earlier_parcel_status,
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
