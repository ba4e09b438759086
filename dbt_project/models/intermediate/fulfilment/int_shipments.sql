{#
  Shipments and their progress. A parcel has one outcome. A delivered scan takes precedence over a loss, a cancellation
  and a later return to sender, in whatever order they arrive. A return to sender before the delivered scan takes
  precedence, because the delivery was to the sender.
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

numbered_scans as (
    select * from {{ ref('int_numbered_scans_matched') }}
),

headers as (
    select
        shipments.shipment_id,
        shipments.order_id,
        min(shipments.carrier) as carrier,
        min(shipments.service) as service,
        min(shipments.tracking_number) as tracking_number,
        min(shipments.warehouse_id) as warehouse_id,
        min(shipments.cost_currency) as cost_currency,
        min(shipments._source) as _source,
        count(*) as lines_count,
        sum(shipments.quantity) as quantity,
        sum(shipments.cost_amount) as cost_amount,
        min(shipments.shipped_at) as shipped_at,
        max(shipments.estimated_delivery_at) as shipped_estimated_delivery_at
    from shipments
    where
        shipments.is_current
        and {{ is_touched('shipments.order_id', touched) }}
    group by
        shipments.shipment_id,
        shipments.order_id
),

scans as (
    select
        tracking.shipment_id,
        tracking.status,
        tracking.occurred_at
    from tracking
    where
        tracking.is_current
        and tracking.shipment_id is not null
        {%- if is_incremental() %}
        and tracking.shipment_id in (select headers.shipment_id from headers)
        {%- endif %}
    union all
    select
        numbered_scans.shipment_id,
        numbered_scans.status,
        numbered_scans.occurred_at
    from numbered_scans
    where {{ is_touched('numbered_scans.order_id', touched) }}
),

scanned as (
    select
        scans.shipment_id,
        {% for word in delivery_statuses() + ['lost', 'cancelled'] -%}
        min(scans.occurred_at) filter (where scans.status = '{{ word }}') as {{ word }}_at,
        {% endfor -%}
        min(scans.occurred_at) filter (where scans.status = 'attempt_failed') as attempt_failed_at,
        max(scans.occurred_at) as last_scan_at,
        max({{ scan_number('scans.status', 'scans.occurred_at') }}) as last_scan_number,
        count(*) as scans_count
    from scans
    group by scans.shipment_id
),

-- A shipment without a number has the latest number that its own scans name.
named as (
    select
        tracking.shipment_id,
        tracking.carrier,
        tracking.tracking_number
    from tracking
    where
        tracking.is_current
        and tracking.tracking_number is not null
        and tracking.shipment_id in (select headers.shipment_id from headers where headers.tracking_number is null)
    qualify row_number() over (
        partition by tracking.shipment_id
        order by tracking.occurred_at desc nulls last, tracking.content_hash, tracking.tracking_number
    ) = 1
),

joined as (
    select
        headers.shipment_id,
        headers.order_id,
        coalesce(headers.carrier, named.carrier) as carrier,
        headers.service,
        coalesce(headers.tracking_number, named.tracking_number) as tracking_number,
        headers.warehouse_id,
        headers.cost_currency,
        headers._source,
        headers.lines_count,
        headers.quantity,
        headers.cost_amount,
        headers.shipped_at,
        headers.shipped_estimated_delivery_at,
        scanned.label_created_at,
        scanned.accepted_at,
        scanned.in_transit_at,
        scanned.out_for_delivery_at,
        scanned.ready_for_pickup_at,
        scanned.delivered_at,
        scanned.returning_at,
        scanned.returned_at,
        scanned.lost_at,
        scanned.cancelled_at,
        scanned.attempt_failed_at,
        scanned.last_scan_at,
        {{ scan_word('scanned.last_scan_number') }} as latest_scan_status,
        coalesce(scanned.scans_count, 0) as scans_count,
        case
            {%- for word in delivery_statuses() | reverse %}
            when scanned.{{ word }}_at is not null then {{ 9 - loop.index }}
            {%- endfor %}
            else 0
        end as furthest_rank,
        case
            when scanned.returned_at < scanned.delivered_at then 'carrier_returned'
            when scanned.delivered_at is not null then 'delivered'
            when scanned.returned_at is not null then 'carrier_returned'
            when scanned.cancelled_at is not null then 'cancelled'
            when scanned.lost_at is not null then 'lost'
            else 'on_the_way'
        end as outcome
    from headers
    left join scanned on headers.shipment_id = scanned.shipment_id
    left join named on headers.shipment_id = named.shipment_id
),

final as (
    select
        joined.shipment_id,
        joined.order_id,
        joined.carrier,
        joined.service,
        joined.tracking_number,
        joined.warehouse_id,
        joined.cost_currency,
        joined.outcome,
        {{ delivery_status_at(
            'joined.furthest_rank', 'joined.cancelled_at is not null', 'joined.lost_at is not null'
        ) }} as furthest_status,
        joined.latest_scan_status,
        cast(joined.furthest_rank as {{ dbt.type_int() }}) as furthest_rank,
        cast(joined.lines_count as {{ dbt.type_bigint() }}) as lines_count,
        cast(joined.quantity as {{ dbt.type_bigint() }}) as quantity,
        cast(joined.scans_count as {{ dbt.type_bigint() }}) as scans_count,
        cast(joined.cost_amount as {{ money_type() }}) as cost_amount,
        coalesce(joined.latest_scan_status in ('delayed', 'attempt_failed', 'exception'), false) as has_delivery_problem,
        joined.outcome = 'cancelled' as is_cancelled,
        joined.outcome = 'lost' as is_lost,
        joined.outcome = 'carrier_returned' as is_returned,
        joined.outcome = 'delivered' as is_delivered,
        joined.shipped_at,
        joined.shipped_estimated_delivery_at as estimated_delivery_at,
        joined.label_created_at,
        joined.accepted_at,
        joined.in_transit_at,
        joined.out_for_delivery_at,
        joined.ready_for_pickup_at,
        joined.returning_at,
        least(joined.attempt_failed_at, joined.ready_for_pickup_at, joined.delivered_at) as first_attempt_at,
        case when joined.outcome = 'delivered' then joined.delivered_at end as delivered_at,
        case when joined.outcome = 'carrier_returned' then joined.returned_at end as returned_at,
        case when joined.outcome = 'lost' then joined.lost_at end as lost_at,
        case when joined.outcome = 'cancelled' then joined.cancelled_at end as cancelled_at,
        joined.delivered_at as delivered_scan_at,
        joined.returned_at as returned_scan_at,
        joined.lost_at as lost_scan_at,
        joined.cancelled_at as cancelled_scan_at,
        joined.last_scan_at,
        joined._source,
        {{ this_batch() }} as _batch_id
    from joined
)

select * from final
