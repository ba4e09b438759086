{#- The latest decision about a person and a purpose counts. Of simultaneous ones, the one that suppresses does. -#}
with decisions as (
    select * from {{ ref('stg_suppressions') }}
    where is_current
),

final as (
    select
        decisions.recipient,
        decisions.purpose,
        decisions.kind,
        decisions.origin,
        decisions.kind <> 'resumed' as is_suppressed,
        decisions.occurred_at,
        decisions._file_id,
        decisions._record
    from decisions
    qualify row_number() over (
        partition by decisions.recipient, decisions.purpose
        order by
            decisions.occurred_at desc nulls last,
            case when decisions.kind = 'resumed' then 1 else 0 end nulls last,
            decisions.suppression_id nulls last
    ) = 1
)

select * from final
