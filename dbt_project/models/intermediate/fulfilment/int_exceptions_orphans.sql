{# Exceptions about lines, shipments and returns whose order or line was not received. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_fulfilment') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with known_orders as (
    select * from {{ ref('stg_orders') }}
),

line_details as (
    select * from {{ ref('int_order_lines') }}
),

all_order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

orphan_line as (
    select
        all_order_lines.order_id,
        min(all_order_lines.sku) as sku,
        min(all_order_lines.updated_at) as opened_at,
        sum(all_order_lines.quantity * all_order_lines.unit_price) as amount_at_stake,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat({{ counted('count(*)', 'line') }}, ' of an order that has not arrived') as detail,
        min(all_order_lines._source) as _source
    from all_order_lines
    where
        all_order_lines.is_current
        and {{ is_touched('all_order_lines.order_id', touched) }}
        and not exists (select 1 from known_orders where known_orders.order_id = all_order_lines.order_id)
    group by all_order_lines.order_id
),

orphan_shipment as (
    select
        shipment_lines.order_id,
        min(shipment_lines.sku) as sku,
        min(shipment_lines.shipped_at) as opened_at,
        cast(null as {{ money_type() }}) as amount_at_stake,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat(
            'Shipment ', min(shipment_lines.shipment_id),
            case
                when max(case when known_orders.order_id is null then 1 else 0 end) = 1
                    then ' of an order that has not arrived'
                else ' of an order line that has not arrived'
            end
        ) as detail,
        min(shipment_lines._source) as _source
    from shipment_lines
    left join known_orders
        on
            shipment_lines.order_id = known_orders.order_id
            and known_orders.is_current
    where
        (known_orders.order_id is null or not shipment_lines.has_order_line)
        and not coalesce(known_orders.is_test, false)
        and {{ is_touched('shipment_lines.order_id', touched) }}
    group by shipment_lines.order_id
),

orphan_return as (
    select
        return_lines.order_id,
        min(return_lines.sku) as sku,
        min(return_lines.opened_at) as opened_at,
        sum(return_lines.credit_amount) as amount_at_stake,
        min(return_lines.currency) as currency,
        concat('Return ', min(return_lines.return_id), ' of an order or line that has not arrived') as detail,
        min(return_lines._source) as _source
    from return_lines
    left join known_orders
        on
            return_lines.order_id = known_orders.order_id
            and known_orders.is_current
    where
        return_lines.order_id is not null
        and not coalesce(known_orders.is_test, false)
        and not exists (
            select 1 from line_details
            where
                line_details.order_id = return_lines.order_id
                and line_details.line_id = return_lines.line_id
        )
        and {{ is_touched('return_lines.order_id', touched) }}
    group by return_lines.order_id
),

final as (
    select
        'orphan_line' as code,
        orphan_line.order_id,
        orphan_line.sku,
        orphan_line.opened_at,
        cast(orphan_line.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        orphan_line.currency,
        orphan_line.detail,
        orphan_line._source
    from orphan_line
    union all
    select
        'orphan_shipment' as code,
        orphan_shipment.order_id,
        orphan_shipment.sku,
        orphan_shipment.opened_at,
        cast(orphan_shipment.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        orphan_shipment.currency,
        orphan_shipment.detail,
        orphan_shipment._source
    from orphan_shipment
    union all
    select
        'orphan_return' as code,
        orphan_return.order_id,
        orphan_return.sku,
        orphan_return.opened_at,
        cast(orphan_return.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        orphan_return.currency,
        orphan_return.detail,
        orphan_return._source
    from orphan_return
)

select * from final
