{# Events of shipments. Each move is computed from the units shipped so far. #}
{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

running_shipments as (
    select
        shipment_lines.order_id,
        shipment_lines.shipment_id,
        shipment_lines.line_id,
        shipment_lines.sku,
        shipment_lines.warehouse_id,
        shipment_lines.quantity,
        shipment_lines.shipped_at,
        states.to_fulfil_quantity,
        sum(shipment_lines.quantity) over (
            partition by shipment_lines.order_id
            order by shipment_lines.shipped_at, shipment_lines.shipment_id, shipment_lines.line_id
            rows between unbounded preceding and current row
        ) as shipped_so_far,
        shipment_lines._file_id,
        shipment_lines._record,
        shipment_lines._source
    from shipment_lines
    inner join states on shipment_lines.order_id = states.order_id
),

final as (
    select
        running_shipments.order_id,
        running_shipments.shipped_at as occurred_at,
        400 as event_rank,
        'shipments' as feed,
        'shipped' as event,
        running_shipments.shipment_id as reference,
        running_shipments.line_id,
        'fulfilment_status' as axis,
        case
            when running_shipments.shipped_so_far - running_shipments.quantity <= 0 then 'unfulfilled'
            when running_shipments.shipped_so_far - running_shipments.quantity >= running_shipments.to_fulfil_quantity
                then 'shipped'
            else 'part_shipped'
        end as from_status,
        case
            when running_shipments.shipped_so_far >= running_shipments.to_fulfil_quantity then 'shipped'
            else 'part_shipped'
        end as to_status,
        running_shipments.quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        running_shipments.sku as detail,
        coalesce(running_shipments.warehouse_id, running_shipments._source) as actor,
        running_shipments._file_id,
        running_shipments._record,
        running_shipments._source
    from running_shipments
)

select * from final
