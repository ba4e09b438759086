with final as (
    select * from {{ published_ref('fct_orders') }}
)

select * from final
