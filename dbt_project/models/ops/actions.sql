with final as (
    select * from {{ published_ref('int_actions_kept') }}
)

select * from final
