{# Units of each order line: shipped, cancelled, returned and still open. #}
{{ config(materialized='ephemeral', step_of='int_order_lines') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
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

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

refunded as (
    select * from {{ ref('int_losses_refunded') }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
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

cancelled_by_operators as (
    select
        actions.order_id,
        actions.line_id,
        sum(actions.quantity) as cancelled_quantity
    from actions
    where
        actions.is_accepted
        and actions.kind = 'cancel_line'
        and {{ is_touched('actions.order_id', touched) }}
    group by
        actions.order_id,
        actions.line_id
),

joined as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.sku,
        order_lines.warehouse_id,
        order_lines.seller_id,
        orders.channel,
        orders.currency,
        orders.currency_digits,
        orders.customer_key,
        orders.ship_country,
        order_lines.quantity as ordered_quantity,
        greatest(
            order_lines.cancelled_quantity,
            least(coalesce(cancelled_by_operators.cancelled_quantity, 0), order_lines.quantity)
        ) as requested_cancelled_quantity,
        coalesce(shipped.shipped_quantity, 0) as shipped_quantity,
        coalesce(shipped.delivered_quantity, 0) as delivered_quantity,
        coalesce(shipped.lost_quantity, 0) as lost_quantity,
        coalesce(shipped.carrier_returned_quantity, 0) as carrier_returned_quantity,
        coalesce(returned.returned_quantity, 0) as returned_quantity,
        order_lines.unit_price as unit_price_amount,
        cast(order_lines.quantity * order_lines.unit_price as {{ money_type() }}) as ordered_gross_amount,
        order_lines.discount_amount as ordered_discount_amount,
        order_lines.tax_amount as ordered_tax_amount,
        coalesce(refunded.refunded_amount, 0) as refunded_for_loss_amount,
        orders.prices_include_tax,
        orders.is_whole_order_cancelled,
        orders.is_on_hold,
        order_lines.is_gift_card,
        order_lines.requires_shipping and services.sku is null as requires_shipping,
        services.sku is not null as is_service,
        orders.is_stock_tracked,
        orders.is_shipment_tracked,
        orders.is_paid_tracked,
        orders.placed_date,
        orders.placed_at,
        shipped.first_shipped_at,
        shipped.last_shipped_at,
        shipped.last_delivered_at,
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
    left join cancelled_by_operators
        on
            order_lines.order_id = cancelled_by_operators.order_id
            and order_lines.line_id = cancelled_by_operators.line_id
    left join refunded
        on
            orders.order_id = refunded.order_id
            and orders.currency = refunded.currency
    where
        order_lines.is_current
        and {{ is_touched('order_lines.order_id', touched) }}
),

reopened_value as (
    select
        joined.order_id,
        sum({{ split_amount(
            'joined.ordered_gross_amount - joined.ordered_discount_amount'
            ~ ' + case when joined.prices_include_tax then 0 else joined.ordered_tax_amount end',
            'joined.lost_quantity + joined.carrier_returned_quantity', 'joined.ordered_quantity', 'joined.currency_digits'
        ) }}) as reopened_amount
    from joined
    where joined.lost_quantity + joined.carrier_returned_quantity > 0
    group by joined.order_id
),

-- Units that were lost or came back and were refunded are not sent again: they are cancelled.
cancelled as (
    select
        joined.*,
        case
            when joined.is_whole_order_cancelled then greatest(joined.ordered_quantity - joined.shipped_quantity, 0)
            else least(
                joined.requested_cancelled_quantity
                + case
                    when reopened_value.reopened_amount <= joined.refunded_for_loss_amount
                        then joined.lost_quantity + joined.carrier_returned_quantity
                    else 0
                end,
                greatest(joined.ordered_quantity - joined.shipped_quantity, 0)
            )
        end as cancelled_quantity
    from joined
    left join reopened_value on joined.order_id = reopened_value.order_id
),

final as (
    select
        cancelled.*,
        cancelled.ordered_quantity - cancelled.cancelled_quantity as kept_quantity,
        greatest(cancelled.ordered_quantity - cancelled.cancelled_quantity - cancelled.shipped_quantity, 0) as open_quantity,
        least(cancelled.returned_quantity, cancelled.shipped_quantity) as returned_of_shipped_quantity,
        cancelled.shipped_quantity > cancelled.ordered_quantity as is_over_shipped,
        cancelled.is_on_hold and not cancelled.is_whole_order_cancelled as is_held
    from cancelled
)

select * from final
