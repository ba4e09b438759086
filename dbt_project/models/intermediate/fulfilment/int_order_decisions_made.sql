{# Versions of an order and actions of operators, with the decisions that they make about the order. #}
{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

order_changes as (
    select * from {{ ref('int_order_versions_compared') }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
),

-- A second hold of an order on hold changes nothing.
switches as (
    select
        actions.action_id,
        case actions.kind when 'hold' then 1 else 0 end
        - case
            lag(actions.kind) over (partition by actions.order_id order by actions.occurred_at, actions.action_id)
            when 'hold' then 1
            else 0
        end as hold_count
    from actions
    inner join states on actions.order_id = states.order_id
    where
        actions.is_accepted
        and actions.kind in ('hold', 'release')
),

final as (
    select
        order_changes.order_id,
        case
            when order_changes.event = 'cancelled' then coalesce(order_changes.cancelled_at, order_changes.updated_at)
            else order_changes.updated_at
        end as occurred_at,
        100 + order_changes.version_number as event_rank,
        'orders' as feed,
        order_changes.event,
        order_changes.order_id as reference,
        case order_changes.event
            when 'cancelled' then order_changes.cancel_reason
            when 'promise_changed' then {{ written_promise('order_changes.promised_at', 'order_changes.promise_is_date_only') }}
        end as detail,
        order_changes._source as actor,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_bigint() }}) as cancelled_quantity,
        0 as hold_count,
        0 as confirm_count,
        case order_changes.event when 'cancelled' then 1 when 'reinstated' then -1 else 0 end as whole_cancelled_count,
        order_changes._file_id,
        order_changes._record,
        order_changes._source
    from order_changes
    where order_changes.event <> 'placed'
    union all
    select
        actions.order_id,
        actions.occurred_at,
        800 as event_rank,
        'actions' as feed,
        actions.kind as event,
        actions.action_id as reference,
        case
            when actions.rejection is not null then actions.rejection
            when actions.kind = 'cancel_line'
                then concat({{ counted('actions.quantity', 'unit') }}, ' of line ', actions.line_id)
            when actions.kind = 'route' then concat(
                {{ counted('actions.quantity', 'unit') }}, ' of line ', actions.line_id,
                ' to ', actions.warehouse_id
            )
            when actions.kind = 'change_promise'
                then {{ written_promise('actions.promised_at', 'actions.promise_is_date_only') }}
        end as detail,
        actions.actor,
        actions.line_id,
        case when actions.is_accepted and actions.kind = 'cancel_line' then actions.quantity end as cancelled_quantity,
        coalesce(switches.hold_count, 0) as hold_count,
        case when actions.is_accepted and actions.kind = 'confirm' then 1 else 0 end as confirm_count,
        case when actions.is_accepted and actions.kind = 'cancel' then 1 else 0 end as whole_cancelled_count,
        actions._file_id,
        actions._record,
        actions._source
    from actions
    inner join states on actions.order_id = states.order_id
    left join switches on actions.action_id = switches.action_id
)

select * from final
