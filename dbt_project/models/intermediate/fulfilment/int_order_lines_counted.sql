{#
  Units of each order line before refunds are assigned: shipped, lost, cancelled and returned, and the line's totals, each
  rounded once. Units that were lost or returned by the carrier and not sent again are reopened; refunds may pay for them.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with orders as (
    select * from {{ ref('int_orders') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

products as (
    select * from {{ ref('stg_products') }}
),

shipped as (
    select * from {{ ref('int_line_shipments_summed') }}
),

cancelled as (
    select * from {{ ref('int_lines_cancelled') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

promises as (
    select * from {{ ref('int_line_promises') }}
),

over_delivered as (
    select * from {{ ref('int_lines_over_delivered') }}
),

routed as (
    select * from {{ ref('int_lines_routed') }}
    where is_decided
),

services as (
    select products.sku
    from products
    where
        products.is_current
        and products.kind = 'service'
),

returned as (
    select
        return_lines.order_id,
        return_lines.line_id,
        sum(return_lines.returned_quantity) as returned_quantity
    from return_lines
    where
        return_lines.returned_quantity > 0
        and {{ is_touched('return_lines.order_id', touched) }}
    group by
        return_lines.order_id,
        return_lines.line_id
),

joined as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.sku,
        coalesce(routed.warehouse_id, order_lines.warehouse_id) as warehouse_id,
        order_lines.seller_id,
        orders.channel,
        orders.currency,
        orders.currency_digits,
        orders.customer_key,
        orders.ship_country,
        order_lines.quantity as ordered_quantity,
        coalesce(cancelled.requested_cancelled_quantity, 0) as requested_cancelled_quantity,
        {% for column in [
            'shipped_quantity', 'delivered_quantity', 'lost_quantity', 'carrier_returned_quantity'
        ] -%}
        coalesce(shipped.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(returned.returned_quantity, 0) as returned_quantity,
        order_lines.unit_price as unit_price_amount,
        {{ line_total('order_lines.unit_price', 'order_lines.quantity', 'orders.currency_digits') }} as ordered_gross_amount,
        {{ rounded_amount('order_lines.discount_amount', 'orders.currency_digits') }} as ordered_discount_amount,
        {{ rounded_amount('order_lines.tax_amount', 'orders.currency_digits') }} as ordered_tax_amount,
        orders.prices_include_tax,
        orders.is_whole_order_cancelled,
        orders.is_on_hold,
        order_lines.is_gift_card,
        order_lines.requires_shipping and services.sku is null as requires_shipping,
        services.sku is not null as is_service,
        orders.is_stock_tracked,
        orders.is_shipment_tracked,
        orders.is_delivery_tracked,
        orders.is_paid_tracked,
        {% for promised_at, is_day in [
            ('first_promised_at', 'first_promise_is_date_only'), ('current_promised_at', 'promise_is_date_only')
        ] -%}
        coalesce(promises.{{ promised_at }}, orders.{{ promised_at }}) as {{ promised_at }},
        case when promises.{{ promised_at }} is null then orders.{{ is_day }} else promises.{{ is_day }} end as {{ is_day }},
        {% endfor -%}
        orders.placed_date,
        orders.placed_at,
        shipped.first_shipped_at,
        shipped.last_shipped_at,
        coalesce(over_delivered.ordered_delivered_at, shipped.last_delivered_at) as last_delivered_at,
        shipped.first_loss_at,
        coalesce(
            case when orders.is_whole_order_cancelled then orders.cancelled_at end, cancelled.request_cancelled_at
        ) as request_cancelled_at,
        order_lines.updated_at,
        order_lines._file_id,
        order_lines._record,
        order_lines._source
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    left join services on order_lines.sku = services.sku
    left join shipped
        on
            order_lines.order_id = shipped.order_id
            and order_lines.line_id = shipped.line_id
    left join returned
        on
            order_lines.order_id = returned.order_id
            and order_lines.line_id = returned.line_id
    left join cancelled
        on
            order_lines.order_id = cancelled.order_id
            and order_lines.line_id = cancelled.line_id
    left join promises
        on
            order_lines.order_id = promises.order_id
            and order_lines.line_id = promises.line_id
    left join routed
        on
            order_lines.order_id = routed.order_id
            and order_lines.line_id = routed.line_id
    left join over_delivered
        on
            order_lines.order_id = over_delivered.order_id
            and order_lines.line_id = over_delivered.line_id
    where
        order_lines.is_current
        and {{ is_touched('order_lines.order_id', touched) }}
),

placed as (
    select
        joined.*,
        {{ called_off_quantity('joined') }} as called_off_quantity
    from joined
),

reopened as (
    select
        placed.*,
        {{ reopened_quantity('placed', 'placed.lost_quantity + placed.carrier_returned_quantity') }} as reopened_quantity,
        {{ returned_of_sent_quantity('placed') }} as returned_of_shipped_quantity
    from placed
),

final as (
    select
        reopened.*,
        {{ reopened_amount('reopened') }} as reopened_amount,
        {{ this_batch() }} as _batch_id
    from reopened
)

select * from final
