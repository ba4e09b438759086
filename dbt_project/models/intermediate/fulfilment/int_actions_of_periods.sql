{#
  Actions on periods, with the decision whether each counts: a month is closed once, after it has ended. Months that a home of an
  earlier release closed count as accepted actions of that instant.
#}
{{ config(materialized='table') }}

with actions as (
    select * from {{ ref('stg_actions') }}
    where
        is_current
        and order_id is null
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

ranked as (
    select
        dated.*,
        row_number() over (
            partition by dated.kind, dated.subject_id, dated.next_date <= dated.occurred_date
            order by dated.occurred_at, dated.action_id
        ) as attempt_number
    from dated
),

judged as (
    select
        ranked.*,
        case
            when ranked.kind = 'unknown' then 'the kind of action is not known'
            when ranked.kind <> 'close_month' then 'it names no order'
            when ranked.first_date is null then 'it names no month'
            when ranked.next_date > ranked.occurred_date then 'the month had not ended'
            when ranked.attempt_number > 1 then 'the month had already been closed'
        end as rejection
    from ranked
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
