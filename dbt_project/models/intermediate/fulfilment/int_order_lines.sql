{# Place and value of every ordered unit. Open units are not split yet. #}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with order_lines as (
    select * from {{ ref('int_order_lines_counted') }}
    where {{ is_touched('order_id', touched) }}
),

refunded as (
    select * from {{ ref('int_losses_refunded') }}
),

-- Units that were lost or returned by the carrier and then refunded are not sent again. They count as cancelled, but not before
-- they were ordered, if the refund is dated earlier.
cancelled as (
    select
        order_lines.*,
        order_lines.called_off_quantity + coalesce(refunded.refunded_lost_quantity, 0) as cancelled_quantity,
        case
            when
                order_lines.is_whole_order_cancelled
                or order_lines.requested_cancelled_quantity >= order_lines.ordered_quantity
                then order_lines.request_cancelled_at
            when
                refunded.refunded_lost_quantity > 0
                and order_lines.called_off_quantity + refunded.refunded_lost_quantity >= order_lines.ordered_quantity
                then greatest(refunded.refunded_at, order_lines.request_cancelled_at, order_lines.placed_at)
        end as cancelled_at
    from order_lines
    left join refunded
        on
            order_lines.order_id = refunded.order_id
            and order_lines.line_id = refunded.line_id
),

counted as (
    select
        cancelled.*,
        cancelled.ordered_quantity - cancelled.cancelled_quantity as kept_quantity,
        greatest(cancelled.ordered_quantity - cancelled.cancelled_quantity - cancelled.shipped_quantity, 0) as open_quantity,
        cancelled.shipped_quantity > cancelled.ordered_quantity as is_over_shipped,
        cancelled.is_on_hold and not cancelled.is_whole_order_cancelled as is_held
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
        {{ promise_end('valued.first_promised_at', 'valued.first_promise_is_date_only') }} as first_promise_ends_at,
        greatest(valued.delivered_quantity, valued.returned_of_shipped_quantity) >= valued.kept_quantity as has_arrived,
        case
            when valued.is_delivery_tracked and valued.requires_shipping and valued.kept_quantity > 0
                then {{ promise_end('valued.current_promised_at', 'valued.promise_is_date_only') }}
        end as late_at,
        case
            when valued.kept_quantity > 0 and valued.delivered_quantity >= valued.kept_quantity then valued.last_delivered_at
        end as delivered_at,
        least(valued.returned_of_shipped_quantity, valued.kept_quantity) as returned_of_kept_quantity
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
        with_returned_value.is_over_shipped,
        with_returned_value.is_held,
        with_returned_value.is_stock_tracked,
        with_returned_value.is_shipment_tracked,
        with_returned_value.is_paid_tracked,
        coalesce(with_returned_value.promise_is_date_only, false) as promise_is_date_only,
        with_returned_value.has_arrived,
        coalesce(with_returned_value.delivered_at > with_returned_value.first_promise_ends_at, false) as was_late,
        with_returned_value.placed_date,
        with_returned_value.placed_at,
        with_returned_value.first_shipped_at,
        with_returned_value.last_shipped_at,
        with_returned_value.delivered_at,
        with_returned_value.first_promised_at,
        with_returned_value.first_promise_ends_at,
        with_returned_value.current_promised_at,
        with_returned_value.late_at,
        with_returned_value.cancelled_at,
        with_returned_value.updated_at,
        with_returned_value._file_id,
        with_returned_value._record,
        with_returned_value._source,
        {{ this_batch() }} as _batch_id
    from with_returned_value
)

select * from final
