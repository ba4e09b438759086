with final as (
    select * from {{ published_ref('judged_actions') }}
)

select * from final
