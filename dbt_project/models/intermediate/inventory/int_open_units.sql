{#
  Open units that reserve stock, by the warehouse that they are to leave from. An accepted route takes the place of the
  line's own warehouse for its quantity.
#}
{%- set touched = ['int_touched_skus'] -%}
{{ config(materialized='ephemeral', step_of='int_line_allocations') }}
-- depends_on: {{ ref('int_touched_skus') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('sku', touched) }}
),

routed as (
    select * from {{ ref('int_lines_routed') }}
),

{%- if not var('reserve_unpaid') %}

-- Unpaid orders reserve no stock. Their lines come after all others.
unpaid_orders as (
    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    left join {{ ref('int_order_payments') }} as order_payments on orders.order_id = order_payments.order_id
    where
        orders.is_current
        and orders.payment_terms = 'prepaid'
        and coalesce(greatest(order_payments.authorized_amount, order_payments.captured_amount), 0) = 0
),
{%- endif %}

open_lines as (
    select
        order_lines.order_id,
        order_lines.line_id,
        order_lines.sku,
        order_lines.warehouse_id,
        order_lines.open_quantity,
        order_lines.placed_at,
        {% if var('reserve_unpaid') -%}
        0 as queue_number
        {%- else -%}
        case when unpaid_orders.order_id is null then 0 else 1 end as queue_number
        {%- endif %}
    from order_lines
    {%- if not var('reserve_unpaid') %}
    left join unpaid_orders on order_lines.order_id = unpaid_orders.order_id
    {%- endif %}
    where
        order_lines.open_quantity > 0
        and order_lines.requires_stock
        and order_lines.is_stock_tracked
        and not order_lines.is_held
),

routed_units as (
    select
        open_lines.order_id,
        open_lines.line_id,
        routed.warehouse_id,
        least(routed.waiting_quantity, open_lines.open_quantity - routed.later_quantity) as quantity
    from open_lines
    inner join routed
        on
            open_lines.order_id = routed.order_id
            and open_lines.line_id = routed.line_id
            and open_lines.open_quantity > routed.later_quantity
            and routed.waiting_quantity > 0
),

routed_lines as (
    select
        routed_units.order_id,
        routed_units.line_id,
        sum(routed_units.quantity) as quantity
    from routed_units
    group by routed_units.order_id, routed_units.line_id
),

units as (
    select
        routed_units.order_id,
        routed_units.line_id,
        routed_units.warehouse_id,
        routed_units.quantity
    from routed_units
    union all
    select
        open_lines.order_id,
        open_lines.line_id,
        open_lines.warehouse_id,
        open_lines.open_quantity - coalesce(routed_lines.quantity, 0) as quantity
    from open_lines
    left join routed_lines
        on
            open_lines.order_id = routed_lines.order_id
            and open_lines.line_id = routed_lines.line_id
    where open_lines.open_quantity > coalesce(routed_lines.quantity, 0)
),

final as (
    select
        open_lines.order_id,
        open_lines.line_id,
        open_lines.sku,
        units.warehouse_id,
        sum(units.quantity) as open_quantity,
        open_lines.placed_at,
        open_lines.queue_number
    from units
    inner join open_lines
        on
            units.order_id = open_lines.order_id
            and units.line_id = open_lines.line_id
    group by
        open_lines.order_id,
        open_lines.line_id,
        open_lines.sku,
        units.warehouse_id,
        open_lines.placed_at,
        open_lines.queue_number
)

select * from final
