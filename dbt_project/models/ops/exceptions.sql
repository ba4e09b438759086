with exceptions as (
    select * from {{ published_ref('fct_exceptions') }}
),

handled as (
    select * from {{ published_ref('int_exceptions_handled') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

-- An exception that opened after it was resolved is open again.
joined as (
    select
        exceptions.*,
        handled.assignee,
        handled.resolved_by,
        handled.resolved_at,
        handled.snoozed_until,
        coalesce(handled.notes_count, 0) as notes_count,
        coalesce(handled.snoozed_until > clock.business_date, false) as is_snoozed,
        handled.resolved_at is not null
        and coalesce(handled.resolved_at >= exceptions.opened_at, true) as is_resolved
    from exceptions
    cross join clock
    left join handled on exceptions.exception_id = handled.exception_id
),

final as (
    select
        joined.exception_id,
        joined.subject_type,
        joined.subject_id,
        joined.order_id,
        joined.sku,
        joined.code,
        joined.severity,
        joined.what_to_do,
        joined.owner,
        joined.assignee,
        case when joined.is_resolved then joined.resolved_by end as resolved_by,
        joined.currency,
        joined.detail,
        joined.source,
        cast(joined.notes_count as {{ dbt.type_bigint() }}) as notes_count,
        joined.amount_at_stake,
        joined.amount_at_stake_reporting,
        joined.is_snoozed,
        not joined.is_snoozed and not joined.is_resolved as is_in_worklist,
        joined.snoozed_until,
        joined.opened_at,
        case when joined.is_resolved then joined.resolved_at end as resolved_at,
        joined.age_hours
    from joined
)

select * from final
