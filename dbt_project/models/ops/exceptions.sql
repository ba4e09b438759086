with final as (
    select * from {{ published_ref('fct_exceptions') }}
)

select * from final
