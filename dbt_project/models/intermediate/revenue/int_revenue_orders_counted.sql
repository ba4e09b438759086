{# One row per order that carries its shipping and counts it, with the day on which each clock recognises it. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_sales') }}
-- depends_on: {{ ref('int_touched_orders') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        kept_quantity > 0
        and not is_gift_card
        and {{ is_touched('order_id', touched) }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where
        outcome in ('on_the_way', 'delivered')
        and has_order_line
        and {{ is_touched('order_id', touched) }}
),

orders as (
    select
        order_states.order_id,
        order_states.channel,
        order_states.ship_country,
        order_states.currency,
        order_states.shipping_amount
        - case when order_states.prices_include_tax then order_states.shipping_tax_amount else 0 end as shipping_amount,
        order_states.shipping_tax_amount,
        {{ is_free_of_charge('order_states') }} as is_free_of_charge,
        order_states.placed_date
    from order_states
),

-- Each order counts once, in the category of its most valuable line: the greatest of `amount, product` written in one word.
counted_orders as (
    select
        order_lines.order_id,
        substr(
            max(concat(
                lpad(
                    cast({{ ten_thousandths('greatest(order_lines.net_amount, 0)') }} as {{ dbt.type_string() }}),
                    20,
                    '0'
                ),
                order_lines.sku
            )),
            21
        ) as sku
    from order_lines
    group by order_lines.order_id
),

first_parcels as (
    select
        shipment_lines.order_id,
        {{ business_date('min(shipment_lines.shipped_at)') }} as shipped_date,
        {{ business_date('min(shipment_lines.delivered_at)') }} as delivered_date
    from shipment_lines
    group by shipment_lines.order_id
),

final as (
    select
        orders.order_id,
        counted_orders.sku,
        orders.channel,
        orders.ship_country as country,
        orders.currency,
        cast(case when counted_orders.order_id is null or orders.is_free_of_charge then 0 else 1 end as {{ dbt.type_bigint() }})
            as orders_count,
        cast(orders.shipping_tax_amount as {{ money_type() }}) as tax_amount,
        cast(orders.shipping_amount as {{ money_type() }}) as shipping_amount,
        cast(orders.placed_date as date) as placed_date,
        cast(first_parcels.shipped_date as date) as shipped_date,
        cast(first_parcels.delivered_date as date) as delivered_date
    from orders
    left join counted_orders on orders.order_id = counted_orders.order_id
    left join first_parcels on orders.order_id = first_parcels.order_id
    where
        counted_orders.order_id is not null
        or orders.shipping_amount <> 0
        or orders.shipping_tax_amount <> 0
)

select * from final
