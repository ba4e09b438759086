{# Decisions of the source and of operators in one sequence. Each starts from the status after the one before it. #}
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

decisions as (
    select
        order_changes.order_id,
        case
            when order_changes.event = 'cancelled' then coalesce(order_changes.cancelled_at, order_changes.updated_at)
            else order_changes.updated_at
        end as occurred_at,
        1 as feed_rank,
        'orders' as feed,
        order_changes.event,
        order_changes.order_id as reference,
        case when order_changes.event in ('cancelled', 'reinstated') then order_changes.event end as decision,
        case order_changes.event
            when 'cancelled' then order_changes.cancel_reason
            when 'promise_changed' then cast(order_changes.promised_at as {{ dbt.type_string() }})
        end as detail,
        order_changes._source as actor,
        order_changes.confirmed_at,
        order_changes.version_number,
        order_changes._file_id,
        order_changes._record,
        order_changes._source
    from order_changes
    where order_changes.event <> 'placed'
    union all
    select
        actions.order_id,
        actions.occurred_at,
        8 as feed_rank,
        'actions' as feed,
        actions.kind as event,
        actions.action_id as reference,
        case when actions.is_accepted and actions.kind in ('confirm', 'hold', 'release', 'cancel') then actions.kind end
            as decision,
        case
            when actions.rejection is not null then actions.rejection
            when actions.kind = 'cancel_line'
                then concat(cast(actions.quantity as {{ dbt.type_string() }}), ' units of line ', actions.line_id)
            when actions.kind = 'change_promise' then cast(actions.promised_at as {{ dbt.type_string() }})
        end as detail,
        actions.actor,
        states.confirmed_at,
        0 as version_number,
        actions._file_id,
        actions._record,
        actions._source
    from actions
    inner join states on actions.order_id = states.order_id
),

decided as (
    select
        decisions.*,
        case
            when decisions.decision in ('cancelled', 'cancel') then 'cancelled'
            when decisions.decision = 'hold' then 'on_hold'
            when decisions.decision = 'confirm' then 'confirmed'
            when decisions.decision in ('release', 'reinstated')
                then case when decisions.confirmed_at <= decisions.occurred_at then 'confirmed' else 'placed' end
        end as to_status
    from decisions
),

final as (
    select
        decided.*,
        case when decided.decision is not null then
            coalesce(
                lag(decided.to_status) over (
                    partition by decided.order_id, decided.decision is not null
                    order by decided.occurred_at, decided.feed_rank, decided.version_number, decided.reference
                ),
                case when decided.confirmed_at < decided.occurred_at then 'confirmed' else 'placed' end
            )
        end as from_status
    from decided
)

select * from final
