{{ config(materialized='view') }}

with final as (
    select * from {{ published_ref('int_stock_daily') }}
)

select * from final
