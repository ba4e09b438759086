{#
  One CTE per code, each in the same shape. `opened_at` may be a deadline in the future: fct_exceptions shows what it has passed.
  Only axes that some feed tracks raise anything.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] -%}
{%- set by_order = [
    'order_without_lines', 'late', 'stuck_in_transit', 'paid_not_shipped', 'backordered', 'over_shipped',
    'cancelled_but_shipped', 'return_exceeds_shipment', 'lost', 'delivery_failed', 'wrong_sku_shipped', 'illegal_transition',
    'rejected_action', 'orphan_line', 'orphan_shipment', 'orphan_return'
] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}

with states as (
    select * from {{ ref('int_order_states') }}
    where {{ is_touched('order_id', touched) }}
),

known_orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('int_order_lines_allocated') }}
),

line_details as (
    select * from {{ ref('int_order_lines') }}
),

all_order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
),

timeline as (
    select * from {{ ref('int_order_events') }}
),

order_without_lines as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        states.placed_at as opened_at,
        greatest(states.captured_amount, states.due_amount) as amount_at_stake,
        states.currency,
        'No order line has arrived for this order' as detail,
        states._source
    from states
    where
        states.lines_count = 0
        and states.is_line_tracked
),

late as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        states.late_at as opened_at,
        states.due_amount as amount_at_stake,
        states.currency,
        concat(
            cast(states.to_fulfil_quantity as {{ dbt.type_string() }}), ' units promised, ',
            cast(states.fulfilled_quantity as {{ dbt.type_string() }}), ' shipped, not all delivered'
        ) as detail,
        states._source
    from states
    where
        states.late_at is not null
        and states.delivered_at is null
        and states.order_status <> 'closed'
        and (states.shipped_quantity = 0 or states.returned_of_shipped_quantity < states.shipped_quantity)
),

stuck_in_transit as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        states.stuck_at as opened_at,
        states.due_amount as amount_at_stake,
        states.currency,
        'No scan of a parcel on its way for {{ var("stuck_days") }} days' as detail,
        states._source
    from states
    where
        states.stuck_at is not null
        and (states.shipped_quantity = 0 or states.returned_of_shipped_quantity < states.shipped_quantity)
),

paid_not_shipped as (
    select
        states.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        {{ add_days('coalesce(greatest(states.confirmed_at, states.placed_at), states.placed_at)', var('paid_not_shipped_days')) }}
            as opened_at,
        states.captured_amount as amount_at_stake,
        states.currency,
        concat(cast(states.to_ship_quantity as {{ dbt.type_string() }}), ' units paid and not shipped') as detail,
        states._source
    from states
    where
        states.is_shipment_tracked
        and states.payment_status in ('paid', 'overpaid')
        and states.order_status not in ('cancelled', 'on_hold')
        and states.to_ship_quantity > 0
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
        order_lines.lost_quantity,
        order_lines.carrier_returned_quantity,
        order_lines.returned_quantity,
        order_lines.open_quantity,
        order_lines.backordered_quantity,
        order_lines.is_over_shipped,
        order_lines.placed_at,
        order_lines.last_shipped_at,
        order_lines.first_shipped_at
    from order_lines
    where
        (
            order_lines.backordered_quantity > 0
            or order_lines.is_over_shipped
            or order_lines.lost_quantity > 0
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
        concat(cast(sum(problem_lines.backordered_quantity) as {{ dbt.type_string() }}), ' units have no stock') as detail,
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
            cast(sum(problem_lines.shipped_quantity - problem_lines.ordered_quantity) as {{ dbt.type_string() }}),
            ' units shipped beyond what was ordered'
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
        concat(
            cast(
                sum(
                    problem_lines.returned_quantity - problem_lines.shipped_quantity
                    - problem_lines.carrier_returned_quantity
                ) as {{ dbt.type_string() }}
            ), ' more units came back than were shipped'
        ) as detail,
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

lost_parcels as (
    select
        shipments.order_id,
        min(shipments.lost_at) as lost_at
    from shipments
    where
        shipments.is_lost
        and {{ is_touched('shipments.order_id', touched) }}
    group by shipments.order_id
),

lost as (
    select
        problem_lines.order_id,
        min(problem_lines.sku) as sku,
        min(lost_parcels.lost_at) as opened_at,
        sum(least(problem_lines.lost_quantity, problem_lines.open_quantity) * problem_lines.unit_price_amount)
            as amount_at_stake,
        min(problem_lines.currency) as currency,
        concat(
            cast(sum(problem_lines.lost_quantity) as {{ dbt.type_string() }}),
            ' units lost by the carrier, neither sent again nor refunded'
        ) as detail,
        min(problem_lines._source) as _source
    from problem_lines
    inner join lost_parcels on problem_lines.order_id = lost_parcels.order_id
    where
        problem_lines.lost_quantity > 0
        and problem_lines.open_quantity > 0
    group by problem_lines.order_id
),

-- Cancelled as a whole, or more units of a line cancelled than had not left yet.
shipped_after_all as (
    select
        line_details.order_id,
        min(line_details.sku) as sku,
        sum(line_details.requested_cancelled_quantity - line_details.cancelled_quantity) as late_cancelled_quantity,
        sum(
            (line_details.requested_cancelled_quantity - line_details.cancelled_quantity) * line_details.unit_price_amount
        ) as amount_at_stake
    from line_details
    where
        not line_details.is_over_shipped
        and line_details.shipped_quantity > 0
        and line_details.requested_cancelled_quantity > line_details.cancelled_quantity
        and {{ is_touched('line_details.order_id', touched) }}
    group by line_details.order_id
),

cancelled_but_shipped as (
    select
        states.order_id,
        shipped_after_all.sku,
        greatest(states.last_shipped_at, states.cancelled_at) as opened_at,
        case when states.is_whole_order_cancelled then states.net_amount else shipped_after_all.amount_at_stake end
            as amount_at_stake,
        states.currency,
        case
            when states.is_whole_order_cancelled
                then concat('Cancelled, yet ', cast(states.shipped_quantity as {{ dbt.type_string() }}), ' units were shipped')
            else concat(
                cast(shipped_after_all.late_cancelled_quantity as {{ dbt.type_string() }}), ' cancelled units were shipped'
            )
        end as detail,
        states._source
    from states
    left join shipped_after_all on states.order_id = shipped_after_all.order_id
    where
        states.returned_of_shipped_quantity < states.shipped_quantity
        and (states.is_whole_order_cancelled or shipped_after_all.order_id is not null)
),

delivery_failed as (
    select
        shipments.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        min(shipments.last_scan_at) as opened_at,
        max(states.due_amount) as amount_at_stake,
        min(states.currency) as currency,
        concat(
            'Parcel ', min(shipments.shipment_id), ': carrier says ',
            min(case when shipments.is_returned then 'returned to sender' else shipments.latest_scan_status end)
        ) as detail,
        min(states._source) as _source
    from shipments
    inner join states on shipments.order_id = states.order_id
    where
        (
            (
                shipments.outcome = 'on_the_way'
                and (
                    shipments.latest_scan_status in ('attempt_failed', 'exception')
                    or shipments.furthest_status = 'returning'
                )
            )
            or (shipments.is_returned and states.to_ship_quantity > 0)
        )
        and {{ is_touched('shipments.order_id', touched) }}
    group by shipments.order_id
),

wrong_sku_shipped as (
    select
        shipment_lines.order_id,
        min(shipment_lines.sku) as sku,
        min(shipment_lines.shipped_at) as opened_at,
        cast(null as {{ money_type() }}) as amount_at_stake,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat('Ordered ', min(shipment_lines.ordered_sku), ', shipped ', min(shipment_lines.sku)) as detail,
        min(shipment_lines._source) as _source
    from shipment_lines
    inner join states on shipment_lines.order_id = states.order_id
    where
        shipment_lines.sku <> shipment_lines.ordered_sku
        and not shipment_lines.is_cancelled
        and {{ is_touched('shipment_lines.order_id', touched) }}
    group by shipment_lines.order_id
),

illegal_transition as (
    select
        timeline.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        min(timeline.occurred_at) as opened_at,
        max(states.due_amount) as amount_at_stake,
        min(states.currency) as currency,
        concat(
            cast(count(*) as {{ dbt.type_string() }}), ' unexpected move(s), such as ',
            min(concat(timeline.axis, ' from ', timeline.from_status, ' to ', timeline.to_status))
        ) as detail,
        min(timeline._source) as _source
    from timeline
    inner join states on timeline.order_id = states.order_id
    where
        not timeline.is_legal
        and {{ is_touched('timeline.order_id', touched) }}
    group by timeline.order_id
),

rejected_action as (
    select
        actions.order_id,
        cast(null as {{ dbt.type_string() }}) as sku,
        min(actions.occurred_at) as opened_at,
        cast(null as {{ money_type() }}) as amount_at_stake,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat(
            min(concat(actions.kind, ' by ', coalesce(actions.actor, 'nobody named'), ': ', actions.rejection)),
            case when count(*) > 1 then concat(' (and ', cast(count(*) - 1 as {{ dbt.type_string() }}), ' more)') else '' end
        ) as detail,
        min(actions._source) as _source
    from actions
    where
        not actions.is_accepted
        and actions.kind <> 'unknown'
        and {{ is_touched('actions.order_id', touched) }}
        and not exists (
            select 1 from known_orders
            where
                known_orders.order_id = actions.order_id
                and known_orders.is_current
                and known_orders.is_test
        )
    group by actions.order_id
),

orphan_line as (
    select
        all_order_lines.order_id,
        min(all_order_lines.sku) as sku,
        min(all_order_lines.updated_at) as opened_at,
        sum(all_order_lines.quantity * all_order_lines.unit_price) as amount_at_stake,
        cast(null as {{ dbt.type_string() }}) as currency,
        concat(cast(count(*) as {{ dbt.type_string() }}), ' line(s) of an order that has not arrived') as detail,
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

raised as (
    {% for code in by_order -%}
    select
        '{{ code }}' as code,
        {{ code }}.order_id,
        {{ code }}.sku,
        {{ code }}.opened_at,
        cast({{ code }}.amount_at_stake as {{ money_type() }}) as amount_at_stake,
        {{ code }}.currency,
        {{ code }}.detail,
        {{ code }}._source
    from {{ code }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

final as (
    select
        'order' as subject_type,
        raised.order_id as subject_id,
        raised.order_id,
        raised.sku,
        raised.code,
        raised.currency,
        raised.detail,
        raised.amount_at_stake,
        raised.opened_at,
        raised._source,
        {{ this_batch() }} as _batch_id
    from raised
)

select * from final
