with warehouses as (
    select * from {{ published_ref('int_warehouses') }}
),

final as (
    select warehouses.warehouse_id
    from warehouses
)

select * from final
