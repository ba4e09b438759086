{# Parcels that leave anyway: units of their orders have stock at a warehouse that is decided. Further units can join them. #}
{{ config(materialized='view') }}

with allocations as (
    select * from {{ ref('int_line_allocations') }}
    where
        warehouse_id is not null
        and allocated_quantity > 0
),

final as (
    select distinct
        allocations.order_id,
        allocations.warehouse_id
    from allocations
)

select * from final
