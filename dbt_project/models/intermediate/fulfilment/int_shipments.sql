{#
  Shipments and their progress. A parcel has one outcome. A delivery to the customer takes precedence over everything, in
  whatever order the scans arrive. A delivered scan after the parcel turned back is its delivery to the sender. A
  cancellation or a loss ends the way there and the way back, unless the lost parcel comes back to the sender later.
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
        max(shipments.cost_amount) as cost_amount,
        min(shipments.shipped_at) as shipped_at,
        max(shipments.estimated_delivery_at) as estimated_delivery_at,
        max({{ promise_end('shipments.estimated_delivery_at', 'shipments.estimate_is_date_only') }}) as estimate_ends_at
    from shipments
    where
        shipments.is_current
        and {{ is_touched('shipments.order_id', touched) }}
    group by shipments.shipment_id, shipments.order_id
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
        count(*) filter (where scans.status = 'attempt_failed') as failed_attempts_count,
        count(*) as scans_count
    from scans
    group by scans.shipment_id
),

-- After the parcel turned back, `delivered` is its delivery to the sender.
sent_back as (
    select
        scans.shipment_id,
        min(scans.occurred_at) as delivered_back_at
    from scans
    inner join scanned on scans.shipment_id = scanned.shipment_id
    where
        scans.status = 'delivered'
        and scans.occurred_at > least(scanned.returning_at, scanned.returned_at)
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
        headers.estimated_delivery_at,
        headers.estimate_ends_at,
        {% for word in delivery_statuses() + ['lost', 'cancelled', 'attempt_failed'] -%}
        scanned.{{ word }}_at,
        {% endfor -%}
        sent_back.delivered_back_at,
        scanned.last_scan_at,
        {{ scan_word('scanned.last_scan_number') }} as latest_scan_status,
        coalesce(scanned.failed_attempts_count, 0) as failed_attempts_count,
        coalesce(scanned.scans_count, 0) as scans_count
    from headers
    left join scanned on headers.shipment_id = scanned.shipment_id
    left join sent_back on headers.shipment_id = sent_back.shipment_id
    left join named on headers.shipment_id = named.shipment_id
),

turned as (
    select
        joined.*,
        {{ customer_delivered_at('joined') }} as customer_delivered_at,
        {{ back_at('joined') }} as back_at
    from joined
),

judged as (
    select
        turned.*,
        {{ furthest_delivery_rank('turned') }} as furthest_rank,
        {{ parcel_outcome('turned') }} as outcome
    from turned
),

final as (
    select
        {% for column in [
            'shipment_id', 'order_id', 'carrier', 'service', 'tracking_number', 'warehouse_id', 'cost_currency', 'outcome'
        ] -%}
        judged.{{ column }},
        {% endfor -%}
        {{ delivery_status_at('judged.furthest_rank', is_cancelled_parcel('judged'), is_lost_parcel('judged')) }}
            as furthest_status,
        judged.latest_scan_status,
        cast(judged.furthest_rank as {{ dbt.type_int() }}) as furthest_rank,
        {% for column in ['lines_count', 'quantity', 'scans_count', 'failed_attempts_count'] -%}
        cast(judged.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        cast(judged.cost_amount as {{ money_type() }}) as cost_amount,
        coalesce(judged.latest_scan_status in ('delayed', 'attempt_failed', 'exception'), false) as has_delivery_problem,
        judged.outcome = 'carrier_returned' as is_returned,
        {% for outcome in ['cancelled', 'lost', 'delivered'] -%}
        judged.outcome = '{{ outcome }}' as is_{{ outcome }},
        {% endfor -%}
        judged.shipped_at,
        judged.estimated_delivery_at,
        judged.estimate_ends_at,
        {% for word in delivery_statuses() if word not in ['delivered', 'returned'] -%}
        judged.{{ word }}_at,
        {% endfor -%}
        least(judged.attempt_failed_at, judged.ready_for_pickup_at, judged.customer_delivered_at) as first_attempt_at,
        judged.customer_delivered_at as delivered_at,
        case when judged.outcome = 'carrier_returned' then judged.back_at end as returned_at,
        case when judged.outcome = 'lost' then judged.lost_at end as lost_at,
        case when judged.outcome = 'cancelled' then judged.cancelled_at end as cancelled_at,
        judged.delivered_at as delivered_scan_at,
        judged.delivered_back_at,
        judged.returned_at as returned_scan_at,
        judged.lost_at as lost_scan_at,
        judged.cancelled_at as cancelled_scan_at,
        judged.last_scan_at,
        judged._source,
        {{ this_batch() }} as _batch_id
    from judged
)

select * from final
