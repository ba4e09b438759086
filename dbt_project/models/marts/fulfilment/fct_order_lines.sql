{{ config(materialized='view') }}

with final as (
    select * from {{ published_ref('int_order_lines_allocated') }}
)

select * from final
