with final as (
    select * from {{ published_ref('fct_order_lines') }}
)

select * from final
