{#
  The kept units of every order line, by parcel, with the day on which each clock recognises them. A day is null until its clock
  recognises the units, and where the source does not report what the clock follows. Where prices include tax, sales and discounts
  leave out their share of it.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_sales') }}
-- depends_on: {{ ref('int_touched_orders') }}

with orders as (
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
        {{ discount_tax_amount('lines') }} as ordered_discount_tax_amount,
        currency_digits,
        prices_include_tax
    from {{ ref('int_order_lines') }} as lines
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

-- The units of a line leave in the order of its parcels. If more left than is kept, the units that arrive first are the sold ones.
-- Most lines have one parcel and need no window.
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
            order by
                case when parcels.shipped_quantity > parcels.kept_quantity then parcels.arrived_at end nulls last,
                parcels.shipped_at,
                parcels.shipment_id
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
        numbered_units.first_unit as units_before_quantity,
        numbered_units.last_unit - numbered_units.first_unit as goods_quantity,
        numbered_units.last_unit - numbered_units.first_unit = numbered_units.kept_quantity as is_whole_line,
        {% for column in ['gross', 'discount', 'tax', 'discount_tax'] -%}
        {% for unit in ['first_unit', 'last_unit'] -%}
        {{ split_amount(
            'numbered_units.ordered_' ~ column ~ '_amount', 'numbered_units.' ~ unit, 'numbered_units.ordered_quantity',
            'numbered_units.currency_digits'
        ) }} as {{ column }}_to_{{ unit }},
        {% endfor -%}
        {% endfor -%}
        numbered_units.prices_include_tax,
        numbered_units.shipped_at,
        numbered_units.arrived_at
    from numbered_units
),

final as (
    select
        valued.order_id,
        valued.line_id,
        valued.shipment_id,
        valued.sku,
        orders.channel,
        orders.ship_country as country,
        orders.currency,
        cast(case when {{ is_free_of_charge('orders') }} then 0 else valued.goods_quantity end as {{ dbt.type_bigint() }})
            as units_quantity,
        cast(valued.goods_quantity as {{ dbt.type_bigint() }}) as goods_quantity,
        cast(valued.units_before_quantity as {{ dbt.type_bigint() }}) as units_before_quantity,
        cast(
            valued.gross_to_last_unit - valued.gross_to_first_unit
            - case when valued.prices_include_tax then valued.tax_to_last_unit - valued.tax_to_first_unit else 0 end
            - valued.discount_tax_to_last_unit + valued.discount_tax_to_first_unit
            as {{ money_type() }}
        ) as gross_sales_amount,
        cast(
            valued.discount_to_last_unit - valued.discount_to_first_unit
            - valued.discount_tax_to_last_unit + valued.discount_tax_to_first_unit
            as {{ money_type() }}
        ) as discounts_amount,
        cast(valued.tax_to_last_unit - valued.tax_to_first_unit as {{ money_type() }}) as tax_amount,
        valued.is_whole_line,
        cast(orders.placed_date as date) as placed_date,
        cast({{ business_date('valued.shipped_at') }} as date) as shipped_date,
        cast({{ business_date('valued.arrived_at') }} as date) as delivered_date
    from valued
    inner join orders on valued.order_id = orders.order_id
)

select * from final
