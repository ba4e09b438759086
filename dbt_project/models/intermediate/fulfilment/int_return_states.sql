{# The key is the order. Credit notes that name no order are in int_credit_notes. #}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with return_lines as (
    select * from {{ ref('int_return_lines') }}
    where
        order_id is not null
        and {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('order_id', touched) }}
),

orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

final as (
    select
        return_lines.return_id,
        return_lines.line_id,
        return_lines.order_id,
        coalesce(return_lines.sku, order_lines.sku) as sku,
        return_lines.warehouse_id,
        return_lines.status as return_status,
        orders.currency,
        return_lines._source as source,
        return_lines.requested_quantity,
        return_lines.approved_quantity,
        return_lines.declined_quantity,
        return_lines.received_quantity,
        return_lines.restocked_quantity,
        return_lines.scrapped_quantity,
        return_lines.returned_quantity,
        order_lines.unit_price_amount,
        return_lines.requested_at,
        return_lines.approved_at,
        return_lines.declined_at,
        return_lines.received_at,
        return_lines.restocked_at,
        return_lines.scrapped_at,
        return_lines.cancelled_at,
        return_lines.opened_at,
        return_lines.last_event_at,
        {{ this_batch() }} as _batch_id
    from return_lines
    inner join orders on return_lines.order_id = orders.order_id
    left join order_lines
        on
            return_lines.order_id = order_lines.order_id
            and return_lines.line_id = order_lines.line_id
)

select * from final
