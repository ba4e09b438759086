{# Exceptions about quantities of order lines that do not add up. #}
{{ config(materialized='ephemeral', step_of='int_exceptions_fulfilment') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines_allocated') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

problem_lines as (
    select
        order_lines.order_id,
        order_lines.sku,
        order_lines.source as _source,
        order_lines.currency,
        order_lines.unit_price_amount,
        order_lines.ordered_quantity,
        order_lines.shipped_quantity,
        order_lines.carrier_returned_quantity,
        order_lines.returned_quantity,
        order_lines.backordered_quantity,
        order_lines.is_over_shipped,
        order_lines.placed_at,
        order_lines.last_shipped_at
    from order_lines
    where
        (
            order_lines.backordered_quantity > 0
            or order_lines.is_over_shipped
            or order_lines.returned_quantity > order_lines.shipped_quantity + order_lines.carrier_returned_quantity
        )
        and {{ is_touched('order_lines.order_id', touched) }}
),

backordered as (
    select
        problem_lines.order_id,
        min(problem_lines.sku) as sku,
        min(problem_lines.placed_at) as opened_at,
        sum(problem_lines.backordered_quantity * problem_lines.unit_price_amount) as amount_at_stake,
        min(problem_lines.currency) as currency,
        {{ counted('sum(problem_lines.backordered_quantity)', 'unit has no stock', 'units have no stock') }} as detail,
        min(problem_lines._source) as _source
    from problem_lines
    where problem_lines.backordered_quantity > 0
    group by problem_lines.order_id
),

over_shipped as (
    select
        problem_lines.order_id,
        min(problem_lines.sku) as sku,
        max(problem_lines.last_shipped_at) as opened_at,
        sum((problem_lines.shipped_quantity - problem_lines.ordered_quantity) * problem_lines.unit_price_amount)
            as amount_at_stake,
        min(problem_lines.currency) as currency,
        concat(
            {{ counted('sum(problem_lines.shipped_quantity - problem_lines.ordered_quantity)', 'unit') }},
            ' shipped beyond what was ordered'
        ) as detail,
        min(problem_lines._source) as _source
    from problem_lines
    where problem_lines.is_over_shipped
    group by problem_lines.order_id
),

return_exceeds_shipment as (
    select
        problem_lines.order_id,
        min(problem_lines.sku) as sku,
        min(returned.last_event_at) as opened_at,
        sum(
            (problem_lines.returned_quantity - problem_lines.shipped_quantity - problem_lines.carrier_returned_quantity)
            * problem_lines.unit_price_amount
        ) as amount_at_stake,
        min(problem_lines.currency) as currency,
        {%- set surplus %}
            sum(problem_lines.returned_quantity - problem_lines.shipped_quantity - problem_lines.carrier_returned_quantity)
        {%- endset %}
        concat({{ counted(surplus | trim, 'more unit') }}, ' came back than left') as detail,
        min(problem_lines._source) as _source
    from problem_lines
    inner join states
        on
            problem_lines.order_id = states.order_id
            and states.is_shipment_tracked
    left join (
        select
            return_lines.order_id,
            max(return_lines.last_event_at) as last_event_at
        from return_lines
        where
            return_lines.returned_quantity > 0
            and {{ is_touched('return_lines.order_id', touched) }}
        group by return_lines.order_id
    ) as returned on problem_lines.order_id = returned.order_id
    where problem_lines.returned_quantity > problem_lines.shipped_quantity + problem_lines.carrier_returned_quantity
    group by problem_lines.order_id
),

final as (
    select
        'backordered' as code,
        backordered.order_id,
        backordered.sku,
        backordered.opened_at,
        cast(backordered.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        backordered.currency,
        backordered.detail,
        backordered._source
    from backordered
    union all
    select
        'over_shipped' as code,
        over_shipped.order_id,
        over_shipped.sku,
        over_shipped.opened_at,
        cast(over_shipped.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        over_shipped.currency,
        over_shipped.detail,
        over_shipped._source
    from over_shipped
    union all
    select
        'return_exceeds_shipment' as code,
        return_exceeds_shipment.order_id,
        return_exceeds_shipment.sku,
        return_exceeds_shipment.opened_at,
        cast(return_exceeds_shipment.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        return_exceeds_shipment.currency,
        return_exceeds_shipment.detail,
        return_exceeds_shipment._source
    from return_exceeds_shipment
)

select * from final
