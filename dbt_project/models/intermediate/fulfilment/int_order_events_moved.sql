{#
  Events of the orders with the moves that they make on the axes. An event that moves several axes has further rows, of the
  feed `status`.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set axes = ['order_status', 'payment_status', 'fulfilment_status', 'delivery_status', 'return_status'] %}
{%- set own_axes = {
    'payments': 'payment_status', 'shipments': 'fulfilment_status', 'tracking': 'delivery_status', 'returns': 'return_status'
} %}

with order_events as (
    select * from {{ ref('int_order_events_orders') }}
),

line_events as (
    select * from {{ ref('int_order_events_lines') }}
),

payment_events as (
    select * from {{ ref('int_order_events_payments') }}
),

shipment_events as (
    select * from {{ ref('int_order_events_shipments') }}
),

scan_events as (
    select * from {{ ref('int_order_events_scans') }}
),

return_events as (
    select * from {{ ref('int_order_events_returns') }}
),

feedback_events as (
    select * from {{ ref('int_order_events_feedback') }}
),

cart_events as (
    select * from {{ ref('int_order_events_carts') }}
),

runs as (
    select * from {{ ref('int_order_changes_run') }}
),

events as (
    select * from order_events
    union all
    select * from line_events
    union all
    select * from payment_events
    union all
    select * from shipment_events
    union all
    select * from scan_events
    union all
    select * from return_events
    union all
    select * from feedback_events
    union all
    select * from cart_events
),

-- One row per axis that a change moves.
moves as (
    {% for moved in axes -%}
    select
        runs.order_id,
        runs.occurred_at,
        runs.event_rank,
        runs.reference,
        runs.line_id,
        {{ loop.index }} as axis_number,
        '{{ moved }}' as axis,
        runs.from_{{ moved }} as from_status,
        runs.to_{{ moved }} as to_status,
        {% for axis in axes -%}
        runs.from_{{ axis }} <> runs.to_{{ axis }} as is_{{ axis }}_moved
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from runs
    where runs.from_{{ moved }} <> runs.to_{{ moved }}
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

-- The row of the event has its own axis, or else the first one that it moves.
joined as (
    select
        events.*,
        moves.axis_number,
        moves.axis,
        moves.from_status,
        moves.to_status,
        case
            {%- for feed, axis in own_axes.items() %}
            when events.feed = '{{ feed }}' and moves.is_{{ axis }}_moved then '{{ axis }}'
            {%- endfor %}
            {%- for axis in axes %}
            when moves.is_{{ axis }}_moved then '{{ axis }}'
            {%- endfor %}
        end as first_axis
    from events
    left join moves
        on
            events.order_id = moves.order_id
            and events.occurred_at = moves.occurred_at
            and events.event_rank = moves.event_rank
            and events.reference = moves.reference
            and events.line_id is not distinct from moves.line_id
),

numbered as (
    select
        joined.*,
        coalesce(joined.axis <> joined.first_axis, false) as is_further
    from joined
),

final as (
    select
        numbered.order_id,
        numbered.occurred_at,
        numbered.event_rank,
        case when numbered.is_further then numbered.axis_number else 0 end as move_number,
        case when numbered.is_further then 'status' else numbered.feed end as feed,
        case when numbered.is_further then numbered.to_status else numbered.event end as event,
        numbered.reference,
        numbered.line_id,
        numbered.axis,
        numbered.from_status,
        numbered.to_status,
        {% for column in ['quantity', 'amount', 'currency'] -%}
        case when not numbered.is_further then numbered.{{ column }} end as {{ column }},
        {% endfor -%}
        case when numbered.is_further then numbered.event else numbered.detail end as detail,
        numbered.actor,
        numbered._file_id,
        numbered._record,
        numbered._source
    from numbered
)

select * from final
