{# Actions on exceptions, with the decision whether each counts, by the seed action_rules. #}
{{ config(materialized='table') }}

with actions as (
    select * from {{ ref('stg_actions') }}
    where
        is_current
        and order_id is null
        and subject_kind = 'exception'
),

rules as (
    select * from {{ ref('action_rules') }}
),

contexts as (
    select
        actions.*,
        'exception' as subject_state,
        actions.role as role_state,
        case when actions.assignee is null then 'unnamed' else 'named' end as assignee_state,
        case when actions.snoozed_until is null then 'unnamed' else 'named' end as day_state
    from actions
),

refusals as (
    {{ action_refusals('contexts', 'rules', ['subject', 'role', 'assignee', 'day']) }}
),

first_refusals as (
    select
        refusals.action_id,
        refusals.rejection
    from refusals
    qualify row_number() over (partition by refusals.action_id order by refusals.step) = 1
),

final as (
    select
        contexts.action_id,
        contexts.subject_kind,
        contexts.subject_id,
        contexts.kind,
        contexts.kind_word,
        contexts.actor,
        contexts.role,
        contexts.assignee,
        contexts.reason_token,
        first_refusals.rejection,
        contexts._source as source,
        first_refusals.action_id is null as is_accepted,
        contexts.snoozed_until,
        contexts.occurred_at,
        contexts._file_id,
        contexts._record,
        {{ this_batch() }} as _batch_id
    from contexts
    left join first_refusals on contexts.action_id = first_refusals.action_id
)

select * from final
