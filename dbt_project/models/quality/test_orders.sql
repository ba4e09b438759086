with orders as (
    select * from {{ ref('stg_orders') }}
    where is_current and is_test
),

final as (
    select
        orders.order_id,
        orders.channel,
        orders.placed_at,
        orders.updated_at,
        orders._source as source,
        orders._file_id as file_id,
        orders._record as record
    from orders
)

select * from final
