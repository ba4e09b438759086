{# Decisions of operators on each order: the latest hold or release, and the first and latest of other actions. #}
{{ config(materialized='ephemeral', step_of='int_orders') }}
{%- set touched = ['int_touched_orders'] %}
-- depends_on: {{ ref('int_touched_orders') }}

with actions as (
    select * from {{ ref('int_actions_judged') }}
),

accepted as (
    select
        actions.order_id,
        actions.kind,
        actions.occurred_at,
        actions.promised_at,
        actions.promise_is_date_only,
        row_number() over (
            partition by actions.order_id, actions.kind
            order by actions.occurred_at, actions.action_id
        ) as oldest_first,
        row_number() over (
            partition by
                actions.order_id,
                case when actions.kind in ('hold', 'release') then 'hold' else actions.kind end
            order by actions.occurred_at desc, actions.action_id desc
        ) as newest_first
    from actions
    where
        actions.is_accepted
        and actions.kind in ('confirm', 'hold', 'release', 'cancel', 'change_promise')
        and {{ is_touched('actions.order_id', touched) }}
),

final as (
    select
        accepted.order_id,
        coalesce(max(accepted.kind) filter (where accepted.newest_first = 1 and accepted.kind in ('hold', 'release')), 'none')
            = 'hold' as is_on_hold,
        max(accepted.occurred_at) filter (where accepted.newest_first = 1 and accepted.kind = 'hold') as held_at,
        min(accepted.occurred_at) filter (where accepted.kind = 'confirm') as confirm_action_at,
        min(accepted.occurred_at) filter (where accepted.kind = 'cancel') as cancel_action_at,
        max(accepted.promised_at) filter (where accepted.newest_first = 1 and accepted.kind = 'change_promise')
            as operator_promised_at,
        coalesce(
            bool_or(accepted.promise_is_date_only) filter (where accepted.newest_first = 1 and accepted.kind = 'change_promise'),
            false
        ) as operator_promise_is_date_only,
        coalesce(
            bool_or(accepted.promise_is_date_only) filter (where accepted.oldest_first = 1 and accepted.kind = 'change_promise'),
            false
        ) as first_operator_promise_is_date_only,
        max(accepted.occurred_at) filter (where accepted.newest_first = 1 and accepted.kind = 'change_promise')
            as operator_moved_at,
        max(accepted.promised_at) filter (where accepted.oldest_first = 1 and accepted.kind = 'change_promise')
            as first_operator_promised_at
    from accepted
    group by accepted.order_id
)

select * from final
