{# Exceptions about illegal moves and rejected actions. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_fulfilment') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

known_orders as (
    select * from {{ ref('stg_orders') }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
),

timeline as (
    select * from {{ ref('int_order_events') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

-- A parcel that turned back and is then delivered, without ever being returned, was most likely delivered to the sender.
illegal_moves as (
    select
        timeline.order_id,
        timeline.occurred_at,
        concat(timeline.axis, ' from ', timeline.from_status, ' to ', timeline.to_status) as move,
        timeline._source
    from timeline
    where
        not timeline.is_legal
        and {{ is_touched('timeline.order_id', touched) }}
    union all
    select
        shipments.order_id,
        shipments.delivered_scan_at as occurred_at,
        'delivery_status from returning to delivered' as move,
        shipments._source
    from shipments
    where
        shipments.is_returned
        and shipments.returned_scan_at is null
        and {{ is_touched('shipments.order_id', touched) }}
),

illegal_transition as (
    select
        illegal_moves.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        min(illegal_moves.occurred_at) as opened_at,
        max(states.due_amount) as amount_at_stake,
        min(states.currency) as currency,
        {{ counted_with_example('count(*)', 'unexpected move', 'min(illegal_moves.move)') }} as detail,
        min(illegal_moves._source) as _source
    from illegal_moves
    inner join states on illegal_moves.order_id = states.order_id
    group by illegal_moves.order_id
),

rejected_action as (
    select
        actions.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        min(actions.occurred_at) as opened_at,
        cast(null as {{ money_type() }}) as amount_at_stake,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat(
            min(concat(actions.kind, ' by ', coalesce(actions.actor, 'nobody named'), ': ', actions.rejection)),
            {{ and_more('count(*)') }}
        ) as detail,
        min(actions._source) as _source
    from actions
    where
        not actions.is_accepted
        and actions.kind <> 'unknown'
        and {{ is_touched('actions.order_id', touched) }}
        and not exists (
            select 1 from known_orders
            where
                known_orders.order_id = actions.order_id
                and known_orders.is_current
                and known_orders.is_test
        )
    group by actions.order_id
),

final as (
    select
        'illegal_transition' as code,
        illegal_transition.order_id,
        illegal_transition.sku,
        illegal_transition.opened_at,
        cast(illegal_transition.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        illegal_transition.currency,
        illegal_transition.detail,
        illegal_transition._source
    from illegal_transition
    union all
    select
        'rejected_action' as code,
        rejected_action.order_id,
        rejected_action.sku,
        rejected_action.opened_at,
        cast(rejected_action.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        rejected_action.currency,
        rejected_action.detail,
        rejected_action._source
    from rejected_action
)

select * from final
