with final as (
    select * from {{ published_ref('fct_order_timeline') }}
)

select * from final
