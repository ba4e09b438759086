{# Where every ordered unit is, but for the split of open units, and what it is worth; see SEMANTICS, "Order line". #}
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

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

payments as (
    select * from {{ ref('stg_payments') }}
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

shipped as (
    select
        shipment_lines.order_id,
        shipment_lines.line_id,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome in ('on_the_way', 'delivered')), 0)
            as shipped_quantity,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome = 'delivered'), 0) as delivered_quantity,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome = 'lost'), 0) as lost_quantity,
        coalesce(sum(shipment_lines.quantity) filter (where shipment_lines.outcome = 'carrier_returned'), 0)
            as carrier_returned_quantity,
        min(shipment_lines.shipped_at) filter (where shipment_lines.outcome <> 'cancelled') as first_shipped_at,
        max(shipment_lines.shipped_at) filter (where shipment_lines.outcome <> 'cancelled') as last_shipped_at,
        max(shipment_lines.delivered_at) as last_delivered_at
    from shipment_lines
    where {{ is_touched('shipment_lines.order_id', touched) }}
    group by
        shipment_lines.order_id,
        shipment_lines.line_id
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

-- Orders that lost parcels, or got them back from the carrier, and what was refunded to the customer for no return.
reopened_orders as (
    select distinct shipped.order_id
    from shipped
    where shipped.lost_quantity + shipped.carrier_returned_quantity > 0
),

refunded as (
    select
        payments.order_id,
        payments.currency,
        sum(payments.amount) as refunded_amount
    from payments
    where
        payments.is_current
        and payments.kind = 'refunded'
        and payments.return_id is null
        and payments.order_id in (select reopened_orders.order_id from reopened_orders)
    group by
        payments.order_id,
        payments.currency
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

counted as (
    select
        cancelled.*,
        cancelled.ordered_quantity - cancelled.cancelled_quantity as kept_quantity,
        greatest(cancelled.ordered_quantity - cancelled.cancelled_quantity - cancelled.shipped_quantity, 0) as open_quantity,
        least(cancelled.returned_quantity, cancelled.shipped_quantity) as returned_of_shipped_quantity
    from cancelled
),

valued as (
    select
        counted.*,
        counted.ordered_gross_amount - counted.ordered_discount_amount as ordered_net_amount,
        {{ split_amount(
            'counted.ordered_gross_amount', 'counted.kept_quantity', 'counted.ordered_quantity', 'counted.currency_digits'
        ) }} as gross_amount,
        {{ split_amount(
            'counted.ordered_discount_amount', 'counted.kept_quantity', 'counted.ordered_quantity', 'counted.currency_digits'
        ) }} as discount_amount,
        {{ split_amount(
            'counted.ordered_tax_amount', 'counted.kept_quantity', 'counted.ordered_quantity', 'counted.currency_digits'
        ) }} as tax_amount
    from counted
),

-- Returned units are the last of those that were kept.
with_returns as (
    select
        valued.*,
        least(valued.returned_quantity, valued.kept_quantity) as returned_of_kept_quantity
    from valued
),

with_returned_value as (
    select
        with_returns.*,
        case when with_returns.returned_of_kept_quantity > 0 then
            with_returns.gross_amount - {{ split_amount(
                'with_returns.ordered_gross_amount', 'with_returns.kept_quantity - with_returns.returned_of_kept_quantity',
                'with_returns.ordered_quantity', 'with_returns.currency_digits'
            ) }}
            - with_returns.discount_amount + {{ split_amount(
                'with_returns.ordered_discount_amount', 'with_returns.kept_quantity - with_returns.returned_of_kept_quantity',
                'with_returns.ordered_quantity', 'with_returns.currency_digits'
            ) }}
            else 0
        end as returned_net_amount,
        case when with_returns.returned_of_kept_quantity > 0 then
            with_returns.tax_amount - {{ split_amount(
                'with_returns.ordered_tax_amount', 'with_returns.kept_quantity - with_returns.returned_of_kept_quantity',
                'with_returns.ordered_quantity', 'with_returns.currency_digits'
            ) }}
            else 0
        end as returned_tax_amount
    from with_returns
),

final as (
    select
        with_returned_value.order_id,
        with_returned_value.line_id,
        with_returned_value.sku,
        with_returned_value.warehouse_id,
        with_returned_value.seller_id,
        with_returned_value.channel,
        with_returned_value.currency,
        with_returned_value.currency_digits,
        with_returned_value.customer_key,
        with_returned_value.ship_country,
        {% for column in [
            'ordered_quantity', 'shipped_quantity', 'lost_quantity', 'carrier_returned_quantity', 'delivered_quantity',
            'returned_quantity', 'returned_of_shipped_quantity', 'requested_cancelled_quantity', 'cancelled_quantity',
            'kept_quantity', 'open_quantity'
        ] -%}
        cast(with_returned_value.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in [
            'unit_price_amount', 'ordered_gross_amount', 'ordered_discount_amount', 'ordered_net_amount', 'ordered_tax_amount',
            'gross_amount', 'discount_amount'
        ] -%}
        cast(with_returned_value.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(with_returned_value.gross_amount - with_returned_value.discount_amount as {{ money_type() }}) as net_amount,
        cast(with_returned_value.tax_amount as {{ money_type() }}) as tax_amount,
        cast(with_returned_value.returned_net_amount as {{ money_type() }}) as returned_net_amount,
        cast(with_returned_value.returned_tax_amount as {{ money_type() }}) as returned_tax_amount,
        with_returned_value.prices_include_tax,
        with_returned_value.is_gift_card,
        with_returned_value.requires_shipping,
        with_returned_value.requires_shipping as requires_stock,
        with_returned_value.is_service,
        with_returned_value.shipped_quantity > with_returned_value.ordered_quantity as is_over_shipped,
        with_returned_value.is_on_hold and not with_returned_value.is_whole_order_cancelled as is_held,
        with_returned_value.is_stock_tracked,
        with_returned_value.is_shipment_tracked,
        with_returned_value.is_paid_tracked,
        with_returned_value.placed_date,
        with_returned_value.placed_at,
        with_returned_value.first_shipped_at,
        with_returned_value.last_shipped_at,
        case
            when
                with_returned_value.kept_quantity > 0
                and with_returned_value.delivered_quantity >= with_returned_value.kept_quantity
                then with_returned_value.last_delivered_at
        end as delivered_at,
        with_returned_value.updated_at,
        with_returned_value._file_id,
        with_returned_value._record,
        with_returned_value._source,
        {{ this_batch() }} as _batch_id
    from with_returned_value
)

select * from final
