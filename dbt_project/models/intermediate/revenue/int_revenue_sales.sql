{#
  What was sold: the kept units of every order line, apart by parcel, with the day on which each clock recognises them; and one
  row per order that carries its shipping and counts it. A day is null while its clock has not struck, or is not tracked.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(
    materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched,
    pre_hook="{{ remember_replaced_days(['placed_date', 'paid_date', 'shipped_date', 'delivered_date']) }}"
) }}

with order_states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select
        order_id,
        line_id,
        sku,
        ordered_quantity,
        kept_quantity,
        shipped_quantity,
        ordered_gross_amount,
        ordered_discount_amount,
        ordered_tax_amount,
        net_amount,
        currency_digits,
        prices_include_tax
    from {{ ref('int_order_lines') }}
    where
        kept_quantity > 0
        and not is_gift_card
        and {{ is_touched('order_id', touched) }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where
        outcome in ('on_the_way', 'delivered')
        and {{ is_touched('order_id', touched) }}
),

order_payments as (
    select * from {{ ref('int_order_payments') }}
    where {{ is_touched('order_id', touched) }}
),

captures as (
    select * from {{ ref('int_payment_ledger') }}
    where
        kind = 'captured'
        and {{ is_touched('order_id', touched) }}
),

covered_orders as (
    select
        order_states.order_id,
        order_states.due_amount - order_states.tolerance_amount as wanted_amount,
        order_payments.captures_count,
        order_payments.first_captured_at
    from order_states
    inner join order_payments on order_states.order_id = order_payments.order_id
    where
        order_states.is_paid_tracked
        and order_states.captured_amount > 0
        and order_states.captured_amount >= order_states.due_amount - order_states.tolerance_amount
),

-- Paid in instalments: on the day of the one that made it whole.
instalments as (
    select
        captures.order_id,
        captures.occurred_at,
        covered_orders.wanted_amount,
        sum(captures.amount_order_currency) over (
            partition by captures.order_id
            order by captures.occurred_at, captures.payment_id
        ) as captured_amount
    from captures
    inner join covered_orders
        on
            captures.order_id = covered_orders.order_id
            and covered_orders.captures_count > 1
),

whole_at as (
    select
        instalments.order_id,
        min(instalments.occurred_at) as paid_at
    from instalments
    where instalments.captured_amount >= instalments.wanted_amount
    group by instalments.order_id
),

paid_orders as (
    select
        covered_orders.order_id,
        coalesce(whole_at.paid_at, covered_orders.first_captured_at) as paid_at
    from covered_orders
    left join whole_at on covered_orders.order_id = whole_at.order_id
    union all
    select
        order_states.order_id,
        order_states.placed_at as paid_at
    from order_states
    where
        order_states.is_paid_tracked
        and order_states.captured_amount = 0
        and order_states.due_amount <= order_states.tolerance_amount
),

orders as (
    select
        order_states.order_id,
        order_states.channel,
        order_states.ship_country,
        order_states.currency,
        order_states.shipping_amount,
        case when order_states.prices_include_tax then 0 else order_states.shipping_tax_amount end as shipping_tax_amount,
        order_states.placed_date,
        {{ business_date('paid_orders.paid_at') }} as paid_date
    from order_states
    left join paid_orders on order_states.order_id = paid_orders.order_id
),

parcels as (
    select
        order_lines.*,
        shipment_lines.shipment_id,
        shipment_lines.quantity as parcel_quantity,
        shipment_lines.shipped_at,
        shipment_lines.delivered_at as arrived_at
    from order_lines
    inner join shipment_lines
        on
            order_lines.order_id = shipment_lines.order_id
            and order_lines.line_id = shipment_lines.line_id
),

-- The units of a line leave in the order of its parcels. Most lines have but one, and need no order.
parts as (
    select
        parcels.*,
        parcels.parcel_quantity as shipped_so_far
    from parcels
    where parcels.parcel_quantity = parcels.shipped_quantity
    union all
    select
        parcels.*,
        sum(parcels.parcel_quantity) over (
            partition by parcels.order_id, parcels.line_id
            order by parcels.shipped_at, parcels.shipment_id
            rows between unbounded preceding and current row
        ) as shipped_so_far
    from parcels
    where parcels.parcel_quantity <> parcels.shipped_quantity
    union all
    select
        order_lines.*,
        null as shipment_id,
        order_lines.kept_quantity - order_lines.shipped_quantity as parcel_quantity,
        null as shipped_at,
        null as arrived_at,
        order_lines.kept_quantity as shipped_so_far
    from order_lines
    where order_lines.shipped_quantity < order_lines.kept_quantity
),

numbered_units as (
    select
        parts.*,
        parts.shipped_so_far - parts.parcel_quantity as first_unit,
        least(parts.shipped_so_far, parts.kept_quantity) as last_unit
    from parts
    where parts.shipped_so_far - parts.parcel_quantity < parts.kept_quantity
),

valued as (
    select
        numbered_units.order_id,
        numbered_units.line_id,
        numbered_units.shipment_id,
        numbered_units.sku,
        numbered_units.last_unit - numbered_units.first_unit as units_quantity,
        {% for column in ['gross', 'discount', 'tax'] -%}
        {% for unit in ['first_unit', 'last_unit'] -%}
        {{ split_amount(
            'numbered_units.ordered_' ~ column ~ '_amount', 'numbered_units.' ~ unit, 'numbered_units.ordered_quantity',
            'numbered_units.currency_digits'
        ) }} as {{ column }}_to_{{ unit }},
        {% endfor -%}
        {% endfor -%}
        numbered_units.prices_include_tax,
        {{ business_date('numbered_units.shipped_at') }} as shipped_date,
        {{ business_date('numbered_units.arrived_at') }} as delivered_date
    from numbered_units
),

sales as (
    select
        valued.order_id,
        valued.line_id,
        valued.shipment_id,
        valued.sku,
        valued.units_quantity,
        valued.gross_to_last_unit - valued.gross_to_first_unit
        - case when valued.prices_include_tax then valued.tax_to_last_unit - valued.tax_to_first_unit else 0 end
            as gross_sales_amount,
        valued.discount_to_last_unit - valued.discount_to_first_unit as discounts_amount,
        valued.tax_to_last_unit - valued.tax_to_first_unit as tax_amount,
        valued.shipped_date,
        valued.delivered_date
    from valued
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
    where shipment_lines.has_order_line
    group by shipment_lines.order_id
),

events as (
    select
        sales.order_id,
        sales.line_id,
        sales.shipment_id,
        'sale' as event_kind,
        sales.sku,
        orders.channel,
        orders.ship_country,
        orders.currency,
        0 as orders_count,
        sales.units_quantity,
        sales.gross_sales_amount,
        sales.discounts_amount,
        sales.tax_amount,
        0 as shipping_amount,
        orders.placed_date,
        orders.paid_date,
        sales.shipped_date,
        sales.delivered_date
    from sales
    inner join orders on sales.order_id = orders.order_id
    union all
    select
        orders.order_id,
        null as line_id,
        null as shipment_id,
        'order' as event_kind,
        counted_orders.sku,
        orders.channel,
        orders.ship_country,
        orders.currency,
        case when counted_orders.order_id is null then 0 else 1 end as orders_count,
        0 as units_quantity,
        0 as gross_sales_amount,
        0 as discounts_amount,
        orders.shipping_tax_amount as tax_amount,
        orders.shipping_amount,
        orders.placed_date,
        orders.paid_date,
        first_parcels.shipped_date,
        first_parcels.delivered_date
    from orders
    left join counted_orders on orders.order_id = counted_orders.order_id
    left join first_parcels on orders.order_id = first_parcels.order_id
    where
        counted_orders.order_id is not null
        or orders.shipping_amount <> 0
        or orders.shipping_tax_amount <> 0
),

final as (
    select
        events.order_id,
        events.line_id,
        events.shipment_id,
        events.event_kind,
        events.sku,
        events.channel,
        events.ship_country as country,
        events.currency,
        {% for column in ['orders_count', 'units_quantity'] -%}
        cast(events.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in ['gross_sales_amount', 'discounts_amount', 'tax_amount', 'shipping_amount'] -%}
        cast(events.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        {% for column in ['placed_date', 'paid_date', 'shipped_date', 'delivered_date'] -%}
        cast(events.{{ column }} as date) as {{ column }},
        {% endfor -%}
        {{ this_batch() }} as _batch_id
    from events
)

select * from final
