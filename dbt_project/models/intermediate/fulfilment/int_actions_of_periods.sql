{#
  Actions on periods, with the decision whether each counts, by the seed action_rules: a month is closed once, after it has ended.
  Months that a home of an earlier release closed count as accepted actions of that instant.
#}
{{ config(materialized='table') }}

with actions as (
    select * from {{ ref('stg_actions') }}
    where
        is_current
        and order_id is null
        and coalesce(subject_kind, 'other') <> 'exception'
),

rules as (
    select * from {{ ref('action_rules') }}
),

closed_months as (
    select * from {{ ref('stg_closed_months') }}
),

given as (
    select
        actions.action_id,
        actions.subject_kind,
        actions.subject_id,
        actions.kind,
        actions.kind_word,
        actions.actor,
        actions.role,
        actions._source as source,
        actions.occurred_at,
        actions._file_id,
        actions._record
    from actions
    union all
    select
        closed_months.action_id,
        'period' as subject_kind,
        closed_months.month as subject_id,
        'close_month' as kind,
        'close_month' as kind_word,
        closed_months.closed_by as actor,
        'finance' as role,
        cast(null as {{ dbt.type_string() }}) as source,
        closed_months.closed_at as occurred_at,
        cast(null as {{ dbt.type_string() }}) as _file_id,
        cast(null as {{ dbt.type_bigint() }}) as _record
    from closed_months
),

read as (
    select
        given.*,
        case
            when given.kind = 'close_month' and given.subject_kind = 'period' and length(given.subject_id) = 7
                then try_cast(concat(given.subject_id, '-01') as date)
        end as first_date,
        {{ business_date('given.occurred_at') }} as occurred_date
    from given
),

dated as (
    select
        read.*,
        {{ month_start(add_days_to_date('read.first_date', 31)) }} as next_date
    from read
),

contexts as (
    select
        dated.*,
        case when dated.subject_kind = 'period' then 'period' else 'other' end as subject_state,
        dated.role as role_state
    from dated
),

refusals as (
    {{ action_refusals('contexts', 'rules', ['subject', 'role']) }}
),

refused as (
    select distinct refusals.action_id from refusals
),

-- An attempt that is refused for its own sake closes nothing.
ranked as (
    select
        contexts.*,
        row_number() over (
            partition by
                contexts.kind, contexts.subject_id, contexts.next_date <= contexts.occurred_date, refused.action_id is not null
            order by contexts.occurred_at, contexts.action_id
        ) as attempt_number
    from contexts
    left join refused on contexts.action_id = refused.action_id
),

moved as (
    select
        ranked.*,
        case
            when ranked.first_date is null then 'unnamed'
            when ranked.next_date > ranked.occurred_date then 'open'
            when ranked.attempt_number > 1 then 'closed'
            else 'ended'
        end as month_state
    from ranked
),

all_refusals as (
    select * from refusals
    union all
    {{ action_refusals('moved', 'rules', ['month']) }}
),

first_refusals as (
    select
        all_refusals.action_id,
        all_refusals.rejection
    from all_refusals
    qualify row_number() over (partition by all_refusals.action_id order by all_refusals.step) = 1
),

judged as (
    select
        moved.*,
        first_refusals.rejection
    from moved
    left join first_refusals on moved.action_id = first_refusals.action_id
),

final as (
    select
        judged.action_id,
        judged.subject_kind,
        judged.subject_id,
        judged.kind,
        judged.kind_word,
        judged.actor,
        judged.role,
        judged.rejection,
        judged.source,
        judged.rejection is null as is_accepted,
        judged.first_date,
        cast(judged.next_date as date) as next_date,
        judged.occurred_at,
        judged._file_id,
        judged._record,
        {{ this_batch() }} as _batch_id
    from judged
)

select * from final
