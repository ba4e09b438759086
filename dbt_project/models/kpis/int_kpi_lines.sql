{#- KPIs of order lines: filled and returned units, on the day of the order. -#}
{%- set measures = fulfilment_measures('order_lines') -%}
with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

orders as (
    select * from {{ ref('int_order_states') }}
    where is_shipment_tracked
),

products as (
    select * from {{ ref('stg_products') }}
    where is_current
),

placed as (
    select
        order_lines.placed_date as business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        orders.source,
        coalesce(products.category, 'unknown') as category,
        {{ count_if(
            "orders.order_status <> 'cancelled' and order_lines.requires_shipping and order_lines.kept_quantity > 0"
        ) }} as lines_count,
        {{ count_if(
            "orders.order_status <> 'cancelled' and order_lines.requires_shipping and order_lines.kept_quantity > 0"
            ~ " and order_lines.shipped_quantity >= order_lines.kept_quantity"
        ) }} as filled_lines_count,
        {% for column in ['to_fulfil_quantity', 'fulfilled_quantity'] -%}
        sum(case when orders.order_status <> 'cancelled' then {{ measures[column] }} else 0 end) as {{ column }},
        {% endfor -%}
        {% for column, of in [
            ('shipped_quantity', 'returnable_quantity'), ('returned_of_shipped_quantity', 'returned_quantity')
        ] -%}
        sum(case when orders.is_return_tracked then order_lines.{{ column }} else 0 end) as {{ of }}{{ ',' if not loop.last }}
        {% endfor -%}
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    left join products on order_lines.sku = products.sku
    group by order_lines.placed_date, orders.channel, orders.ship_country, orders.source, products.category
),

final as (
    {{ kpi_rows('placed', [
        ('fill_rate', 'fulfilled_quantity', 'to_fulfil_quantity'),
        ('fill_rate_lines', 'filled_lines_count', 'lines_count'),
        ('return_rate_units', 'returned_quantity', 'returnable_quantity'),
    ], ['channel', 'country', 'source', 'category']) }}
)

select * from final
