with rules as (
    select * from {{ published_ref('action_rules') }}
),

final as (
    select
        rules.kind,
        rules.axis,
        rules.state,
        rules.next_state,
        rules.rejection,
        cast(rules.step as {{ dbt.type_int() }}) as step,
        rules.is_accepted
    from rules
)

select * from final
