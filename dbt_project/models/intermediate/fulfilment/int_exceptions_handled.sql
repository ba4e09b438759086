{# What operators decided about each exception: the latest assignee, snooze and resolution, and the number of notes. #}
{{ config(materialized='table') }}

with actions as (
    select * from {{ ref('int_actions_of_exceptions') }}
    where is_accepted
),

ranked as (
    select
        actions.*,
        row_number() over (
            partition by actions.subject_id, actions.kind
            order by actions.occurred_at desc, actions.action_id desc
        ) as newest_first
    from actions
),

final as (
    select
        ranked.subject_id as exception_id,
        max(case when ranked.kind = 'assign' then ranked.assignee end) as assignee,
        max(case when ranked.kind = 'resolve' then ranked.actor end) as resolved_by,
        cast(count(*) filter (where ranked.kind = 'note') as {{ dbt.type_bigint() }}) as notes_count,
        max(case when ranked.kind = 'snooze' then ranked.snoozed_until end) as snoozed_until,
        max(case when ranked.kind = 'resolve' then ranked.occurred_at end) as resolved_at
    from ranked
    where
        ranked.newest_first = 1
        or ranked.kind = 'note'
    group by ranked.subject_id
)

select * from final
