{#- Number of order lines shipped completely, on the day of the order. -#}
with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

orders as (
    select * from {{ ref('int_order_states') }}
    where is_shipment_tracked and order_status <> 'cancelled'
),

placed as (
    select
        order_lines.placed_date as business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        orders.source,
        count(*) as lines_count,
        {{ count_if('order_lines.shipped_quantity >= order_lines.kept_quantity') }} as filled_lines_count
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    where order_lines.requires_shipping and order_lines.kept_quantity > 0
    group by order_lines.placed_date, orders.channel, orders.ship_country, orders.source
),

final as (
    {{ kpi_rows('placed', [('fill_rate_lines', 'filled_lines_count', 'lines_count')]) }}
)

select * from final
