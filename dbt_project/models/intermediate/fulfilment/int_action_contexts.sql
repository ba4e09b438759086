{#
  Actions on orders with the state of the order on each axis of the seed action_rules at their instant, but for the axes that
  other actions move: those belong to int_actions_judged.
#}
{{ config(materialized='ephemeral', step_of='int_actions_judged') }}
{%- set touched = ['int_touched_orders'] %}
-- depends_on: {{ ref('int_touched_orders') }}

with actions as (
    select * from {{ ref('stg_actions') }}
    where
        is_current
        and order_id is not null
        and {{ is_touched('order_id', touched) }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

warehouses as (
    select * from {{ ref('int_warehouses') }}
),

acted_orders as (
    select distinct actions.order_id from actions
),

order_versions as (
    select orders.*
    from orders
    where orders.order_id in (select acted_orders.order_id from acted_orders)
),

first_cancellations as (
    {{ first_cancellations('order_versions') }}
),

shipped as (
    select
        shipments.order_id,
        min(shipments.shipped_at) as first_shipped_at
    from shipments
    where
        not shipments.is_cancelled
        and shipments.order_id in (select acted_orders.order_id from acted_orders)
    group by shipments.order_id
),

requested as (
    select
        return_lines.order_id,
        min(return_lines.opened_at) as first_return_at
    from return_lines
    where return_lines.order_id in (select acted_orders.order_id from acted_orders)
    group by return_lines.order_id
),

-- Units of a line that could still be cancelled or routed at that moment.
line_actions as (
    select
        actions.action_id,
        max(order_lines.quantity) - coalesce(sum(shipment_lines.quantity), 0) as left_quantity
    from actions
    inner join order_lines
        on
            actions.order_id = order_lines.order_id
            and actions.line_id = order_lines.line_id
            and order_lines.is_current
    left join shipment_lines
        on
            actions.order_id = shipment_lines.order_id
            and actions.line_id = shipment_lines.line_id
            and shipment_lines.outcome in ('on_the_way', 'delivered')
            and shipment_lines.shipped_at <= actions.occurred_at
    where actions.kind in ('cancel_line', 'route')
    group by actions.action_id
),

final as (
    select
        actions.action_id,
        actions.order_id,
        actions.kind,
        actions.kind_word,
        actions.actor,
        actions.role,
        actions.line_id,
        actions.warehouse_id,
        actions.payload_token,
        actions.reason_token,
        'order' as subject_state,
        case when orders.order_id is null then 'unknown' else 'known' end as order_state,
        actions.role as role_state,
        case when shipped.first_shipped_at <= actions.occurred_at then 'shipped' else 'unshipped' end as shipment_state,
        case when requested.first_return_at <= actions.occurred_at then 'known' else 'none' end as opened_returns_state,
        case when actions.line_id is null then 'unnamed' else 'named' end as line_named_state,
        case
            when line_actions.action_id is null then 'unknown'
            when line_actions.left_quantity <= 0 then 'all_shipped'
            else 'units_left'
        end as line_state,
        case
            when actions.warehouse_id is null then 'unnamed'
            when warehouses.warehouse_id is null then 'unknown'
            else 'named'
        end as warehouse_state,
        case when actions.promised_at is null then 'unnamed' else 'named' end as promise_state,
        actions.quantity,
        line_actions.left_quantity,
        coalesce(
            orders.is_cancelled
            and coalesce(orders.cancelled_at, first_cancellations.updated_at, orders.updated_at) <= actions.occurred_at,
            false
        ) as is_cancelled_at_source,
        actions.promise_is_date_only,
        actions.tells_customer,
        actions.occurred_at,
        actions.promised_at,
        actions._file_id,
        actions._record,
        actions._source
    from actions
    left join orders
        on
            actions.order_id = orders.order_id
            and orders.is_current
    left join warehouses on actions.warehouse_id = warehouses.warehouse_id
    left join line_actions on actions.action_id = line_actions.action_id
    left join first_cancellations on actions.order_id = first_cancellations.order_id
    left join shipped on actions.order_id = shipped.order_id
    left join requested on actions.order_id = requested.order_id
)

select * from final
