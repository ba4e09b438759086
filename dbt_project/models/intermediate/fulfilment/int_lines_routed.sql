{#
  Units of each order line that operators routed to a warehouse and that have not left from it since. Of several routes the
  latest counts first.
#}
{{ config(materialized='view') }}

with routes as (
    select * from {{ ref('int_actions_judged') }}
    where
        kind = 'route'
        and is_accepted
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
    where outcome in ('on_the_way', 'delivered')
),

warehouses as (
    select
        routes.order_id,
        routes.line_id,
        routes.warehouse_id,
        sum(routes.quantity) as routed_quantity,
        min(routes.occurred_at) as first_routed_at,
        max(routes.occurred_at) as last_routed_at
    from routes
    group by routes.order_id, routes.line_id, routes.warehouse_id
),

sent as (
    select
        warehouses.order_id,
        warehouses.line_id,
        warehouses.warehouse_id,
        sum(shipment_lines.quantity) as sent_quantity
    from warehouses
    inner join shipment_lines
        on
            warehouses.order_id = shipment_lines.order_id
            and warehouses.line_id = shipment_lines.line_id
            and warehouses.warehouse_id = shipment_lines.warehouse_id
            and warehouses.first_routed_at <= shipment_lines.shipped_at
    group by warehouses.order_id, warehouses.line_id, warehouses.warehouse_id
),

waiting as (
    select
        warehouses.*,
        greatest(warehouses.routed_quantity - coalesce(sent.sent_quantity, 0), 0) as waiting_quantity
    from warehouses
    left join sent
        on
            warehouses.order_id = sent.order_id
            and warehouses.line_id = sent.line_id
            and warehouses.warehouse_id = sent.warehouse_id
),

-- The latest route of all units that were left decides the warehouse of the line.
decisions as (
    select
        routes.order_id,
        routes.line_id,
        routes.warehouse_id
    from routes
    where routes.is_of_all_left
    qualify row_number() over (
        partition by routes.order_id, routes.line_id
        order by routes.occurred_at desc, routes.action_id desc
    ) = 1
),

final as (
    select
        waiting.order_id,
        waiting.line_id,
        waiting.warehouse_id,
        cast(waiting.waiting_quantity as {{ dbt.type_bigint() }}) as waiting_quantity,
        cast(coalesce(sum(waiting.waiting_quantity) over (
            partition by waiting.order_id, waiting.line_id
            order by waiting.last_routed_at desc, waiting.warehouse_id
            rows between unbounded preceding and 1 preceding
        ), 0) as {{ dbt.type_bigint() }}) as later_quantity,
        decisions.order_id is not null as is_decided
    from waiting
    left join decisions
        on
            waiting.order_id = decisions.order_id
            and waiting.line_id = decisions.line_id
            and waiting.warehouse_id = decisions.warehouse_id
)

select * from final
