{#
  One CTE per feed, each in the same shape; `feed_rank` and `step` order what happened at the same instant. Moves are read off
  running totals of the order's own events, so that they do not depend on the order of arrival. Events are numbered in the view
  marts.fct_order_timeline: at 11 million events sorting them all took as long as everything else here.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
{%- set lineage = ['_file_id', '_record', '_source'] -%}

with states as (
    select
        order_states.order_id,
        order_states.currency,
        order_states.ordered_due_amount as due_amount,
        order_states.tolerance_amount,
        order_states.to_fulfil_quantity,
        order_states.is_paid_tracked,
        order_states.confirmed_at
    from {{ ref('int_order_states') }} as order_states
    where {{ is_touched('order_states.order_id', touched) }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
),

shipment_lines as (
    select * from {{ ref('int_shipment_lines') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

numbered_scans as (
    select * from {{ ref('int_numbered_scans_matched') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
),

feedback as (
    select * from {{ ref('stg_feedback') }}
),

carts as (
    select * from {{ ref('stg_carts') }}
),

transitions as (
    select * from {{ ref('status_transitions') }}
),

order_versions as (
    select
        orders.order_id,
        orders.is_cancelled,
        orders.cancelled_at,
        orders.cancel_reason,
        orders.promised_at,
        orders.updated_at,
        orders._file_id,
        orders._record,
        orders._source,
        orders.placed_at,
        states.confirmed_at,
        row_number() over (
            partition by orders.order_id order by orders.updated_at, orders.content_hash nulls first
        ) as version_number,
        lag(orders.is_cancelled) over (
            partition by orders.order_id order by orders.updated_at, orders.content_hash nulls first
        ) as was_cancelled,
        lag(orders.promised_at) over (
            partition by orders.order_id order by orders.updated_at, orders.content_hash nulls first
        ) as was_promised_at
    from orders
    inner join states on orders.order_id = states.order_id
),

order_changes as (
    select
        order_versions.*,
        case
            when order_versions.is_cancelled and not coalesce(order_versions.was_cancelled, false) then 'cancelled'
            when order_versions.version_number = 1 then 'placed'
            when not order_versions.is_cancelled and order_versions.was_cancelled then 'reinstated'
            when (order_versions.promised_at is distinct from order_versions.was_promised_at) then 'promise_changed'
            else 'changed'
        end as event
    from order_versions
),

decisions as (
    select
        order_changes.order_id,
        case
            when order_changes.event = 'cancelled' then coalesce(order_changes.cancelled_at, order_changes.updated_at)
            else order_changes.updated_at
        end as occurred_at,
        1 as feed_rank,
        'orders' as feed,
        order_changes.event,
        order_changes.order_id as reference,
        case when order_changes.event in ('cancelled', 'reinstated') then order_changes.event end as decision,
        case order_changes.event
            when 'cancelled' then order_changes.cancel_reason
            when 'promise_changed' then cast(order_changes.promised_at as {{ dbt.type_string() }})
        end as detail,
        order_changes._source as actor,
        order_changes.confirmed_at,
        order_changes.version_number,
        {% for column in lineage %}order_changes.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from order_changes
    where order_changes.event <> 'placed'
    union all
    select
        actions.order_id,
        actions.occurred_at,
        8 as feed_rank,
        'actions' as feed,
        actions.kind as event,
        actions.action_id as reference,
        case when actions.is_accepted and actions.kind in ('confirm', 'hold', 'release', 'cancel') then actions.kind end
            as decision,
        case
            when actions.rejection is not null then actions.rejection
            when actions.kind = 'cancel_line'
                then concat(cast(actions.quantity as {{ dbt.type_string() }}), ' units of line ', actions.line_id)
            when actions.kind = 'change_promise' then cast(actions.promised_at as {{ dbt.type_string() }})
        end as detail,
        actions.actor,
        states.confirmed_at,
        0 as version_number,
        {% for column in lineage %}actions.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from actions
    inner join states on actions.order_id = states.order_id
),

decided as (
    select
        decisions.*,
        case
            when decisions.decision in ('cancelled', 'cancel') then 'cancelled'
            when decisions.decision = 'hold' then 'on_hold'
            when decisions.decision = 'confirm' then 'confirmed'
            when decisions.decision in ('release', 'reinstated')
                then case when decisions.confirmed_at <= decisions.occurred_at then 'confirmed' else 'placed' end
        end as to_status
    from decisions
),

decision_moves as (
    select
        decided.*,
        case when decided.decision is not null then
            coalesce(
                lag(decided.to_status) over (
                    partition by decided.order_id, decided.decision is not null
                    order by decided.occurred_at, decided.feed_rank, decided.version_number, decided.reference
                ),
                case when decided.confirmed_at < decided.occurred_at then 'confirmed' else 'placed' end
            )
        end as from_status
    from decided
),

order_events as (
    select
        order_changes.order_id,
        order_changes.placed_at as occurred_at,
        0 as feed_rank,
        0 as step,
        'orders' as feed,
        'placed' as event,
        order_changes.order_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        'order_status' as axis,
        'none' as from_status,
        'placed' as to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        cast(null as {{ dbt.type_string() }}) as detail,
        order_changes._source as actor,
        {% for column in lineage %}order_changes.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from order_changes
    where order_changes.version_number = 1
    union all
    select
        decision_moves.order_id,
        decision_moves.occurred_at,
        decision_moves.feed_rank,
        cast(decision_moves.version_number as {{ dbt.type_int() }}) as step,
        decision_moves.feed,
        decision_moves.event,
        decision_moves.reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        case when decision_moves.decision is not null then 'order_status' end as axis,
        decision_moves.from_status,
        decision_moves.to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        decision_moves.detail,
        decision_moves.actor,
        {% for column in lineage %}decision_moves.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from decision_moves
),

-- Only lines whose rows competed carry a content hash; all others have one version.
revised_lines as (
    select
        order_lines.*,
        row_number() over (
            partition by order_lines.order_id, order_lines.line_id order by order_lines.updated_at, order_lines.content_hash
        ) as version_number,
        lag(order_lines.cancelled_quantity) over (
            partition by order_lines.order_id, order_lines.line_id order by order_lines.updated_at, order_lines.content_hash
        ) as was_cancelled_quantity
    from order_lines
    where
        order_lines.content_hash is not null
        and {{ is_touched('order_lines.order_id', touched) }}
),

line_versions as (
    select
        order_lines.order_id, order_lines.line_id, order_lines.sku, order_lines.quantity, order_lines.cancelled_quantity,
        order_lines.unit_price, order_lines.updated_at,
        {% for column in lineage %}order_lines.{{ column }}, {% endfor -%}
        'line_ordered' as event,
        1 as version_number
    from order_lines
    where
        order_lines.content_hash is null
        and {{ is_touched('order_lines.order_id', touched) }}
    union all
    select
        revised_lines.order_id, revised_lines.line_id, revised_lines.sku, revised_lines.quantity,
        revised_lines.cancelled_quantity, revised_lines.unit_price, revised_lines.updated_at,
        {% for column in lineage %}revised_lines.{{ column }}, {% endfor -%}
        case
            when revised_lines.version_number = 1 then 'line_ordered'
            when revised_lines.cancelled_quantity > revised_lines.was_cancelled_quantity then 'line_cancelled'
            else 'line_changed'
        end as event,
        revised_lines.version_number
    from revised_lines
),

line_events as (
    select
        line_versions.order_id,
        line_versions.updated_at as occurred_at,
        2 as feed_rank,
        cast(line_versions.version_number as {{ dbt.type_int() }}) as step,
        'order_lines' as feed,
        line_versions.event,
        line_versions.line_id as reference,
        line_versions.line_id,
        cast(null as {{ dbt.type_string() }}) as axis,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        case when line_versions.event = 'line_cancelled' then line_versions.cancelled_quantity else line_versions.quantity end
            as quantity,
        cast(line_versions.quantity * line_versions.unit_price as {{ money_type() }}) as amount,
        states.currency,
        line_versions.sku as detail,
        line_versions._source as actor,
        {% for column in lineage %}line_versions.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from line_versions
    inner join states on line_versions.order_id = states.order_id
),

-- Amounts so far, in the order's currency, against what was due when the order was placed.
running_payments as (
    select
        payments.payment_id,
        payments.order_id,
        payments.kind,
        payments.amount,
        payments.currency,
        payments.method,
        payments.provider,
        payments.occurred_at,
        states.due_amount,
        states.tolerance_amount,
        states.is_paid_tracked,
        {% for kind in ['authorized', 'captured', 'refunded', 'voided'] -%}
        sum(case when payments.kind = '{{ kind }}' then coalesce(payments.amount_order_currency, 0) else 0 end)
            over so_far as {{ kind }}_amount,
        {% endfor -%}
        sum(case payments.kind
            when 'disputed' then coalesce(payments.amount_order_currency, 0)
            when 'dispute_won' then -coalesce(payments.amount_order_currency, 0)
            else 0
        end) over so_far as disputed_amount,
        sum(case when payments.kind = 'failed' then 1 else 0 end) over so_far as failed_count,
        {% for column in lineage %}payments.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from payments
    inner join states on payments.order_id = states.order_id
    window so_far as (
        partition by payments.order_id order by payments.occurred_at, payments.payment_id
        rows between unbounded preceding and current row
    )
),

payment_steps as (
    select
        running_payments.*,
        {{ payment_status('running_payments') }} as to_status
    from running_payments
),

payment_events as (
    select
        payment_steps.order_id,
        payment_steps.occurred_at,
        3 as feed_rank,
        0 as step,
        'payments' as feed,
        payment_steps.kind as event,
        payment_steps.payment_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        'payment_status' as axis,
        coalesce(
            lag(payment_steps.to_status) over (
                partition by payment_steps.order_id order by payment_steps.occurred_at, payment_steps.payment_id
            ),
            case
                when not payment_steps.is_paid_tracked then 'not_tracked'
                when payment_steps.due_amount = 0 then 'not_due'
                else 'none'
            end
        ) as from_status,
        payment_steps.to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        payment_steps.amount,
        payment_steps.currency,
        payment_steps.method as detail,
        coalesce(payment_steps.provider, payment_steps._source) as actor,
        {% for column in lineage %}payment_steps.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from payment_steps
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
        {% for column in lineage %}shipment_lines.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from shipment_lines
    inner join states on shipment_lines.order_id = states.order_id
),

shipment_events as (
    select
        running_shipments.order_id,
        running_shipments.shipped_at as occurred_at,
        4 as feed_rank,
        0 as step,
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
        {% for column in lineage %}running_shipments.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from running_shipments
),

scans as (
    select
        tracking.shipment_id,
        tracking.status,
        tracking.occurred_at,
        tracking.location,
        tracking.detail,
        {% for column in lineage %}tracking.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from tracking
    where
        tracking.is_current
        and tracking.shipment_id is not null
    union all
    select
        numbered_scans.shipment_id,
        tracking.status,
        tracking.occurred_at,
        tracking.location,
        tracking.detail,
        {% for column in lineage %}tracking.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from tracking
    inner join numbered_scans
        on
            tracking.carrier = numbered_scans.carrier
            and tracking.tracking_number = numbered_scans.tracking_number
            and tracking.status = numbered_scans.status
            and tracking.occurred_at = numbered_scans.occurred_at
    where
        tracking.is_current
        and tracking.shipment_id is null
        and {{ is_touched('numbered_scans.order_id', touched) }}
),

scanned_parcels as (
    select
        shipments.order_id,
        scans.shipment_id,
        scans.status,
        scans.occurred_at,
        scans.location,
        scans.detail,
        shipments.carrier,
        {{ delivery_rank('scans.status') }} as own_rank,
        {{ delivery_rank_before('shipments', 'scans.occurred_at', delivery_rank('scans.status')) }} as rank_before,
        coalesce(shipments.lost_scan_at < scans.occurred_at, false) as was_lost,
        coalesce(shipments.cancelled_scan_at < scans.occurred_at, false) as was_cancelled,
        {% for column in lineage %}scans.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from scans
    inner join shipments on scans.shipment_id = shipments.shipment_id
    inner join states on shipments.order_id = states.order_id
),

scan_events as (
    select
        scanned_parcels.order_id,
        scanned_parcels.occurred_at,
        5 as feed_rank,
        scanned_parcels.own_rank as step,
        'tracking' as feed,
        scanned_parcels.status as event,
        scanned_parcels.shipment_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        'delivery_status' as axis,
        {{ delivery_status_at('scanned_parcels.rank_before', 'scanned_parcels.was_cancelled', 'scanned_parcels.was_lost') }}
            as from_status,
        {{ delivery_status_at(
            'greatest(scanned_parcels.rank_before, scanned_parcels.own_rank)',
            "(scanned_parcels.was_cancelled or scanned_parcels.status = 'cancelled')",
            "(scanned_parcels.was_lost or scanned_parcels.status = 'lost')"
        ) }} as to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        coalesce(scanned_parcels.detail, scanned_parcels.location) as detail,
        coalesce(scanned_parcels.carrier, scanned_parcels._source) as actor,
        {% for column in lineage %}scanned_parcels.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from scanned_parcels
),

return_steps as (
    select
        returns.return_id,
        returns.line_id,
        return_lines.order_id,
        returns.status,
        returns.quantity,
        returns.occurred_at,
        returns.sku,
        {% for column in lineage %}returns.{{ column }}, {% endfor -%}
        case returns.status
            when 'requested' then 1
            when 'approved' then 2
            when 'declined' then 3
            when 'received' then 4
            when 'restocked' then 5
            when 'scrapped' then 6
            when 'cancelled' then 7
            else 0
        end as step,
        case
            when returns.status in ('requested', 'approved', 'declined') then returns.status
            when returns.status in ('received', 'restocked', 'scrapped') then 'returned'
            when returns.status = 'cancelled' then 'none'
        end as to_status
    from returns
    inner join return_lines
        on
            returns.return_id = return_lines.return_id
            and returns.line_id = return_lines.line_id
    where
        returns.is_current
        and return_lines.order_id is not null
        and {{ is_touched('return_lines.order_id', touched) }}
),

return_events as (
    select
        return_steps.order_id,
        return_steps.occurred_at,
        6 as feed_rank,
        return_steps.step,
        'returns' as feed,
        return_steps.status as event,
        return_steps.return_id as reference,
        return_steps.line_id,
        case when return_steps.to_status is not null then 'return_status' end as axis,
        case when return_steps.to_status is not null then coalesce(
            lag(return_steps.to_status) over (
                partition by return_steps.return_id, return_steps.line_id, return_steps.to_status is not null
                order by return_steps.occurred_at, return_steps.step
            ), 'none'
        ) end as from_status,
        return_steps.to_status,
        return_steps.quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        return_steps.sku as detail,
        return_steps._source as actor,
        {% for column in lineage %}return_steps.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from return_steps
    inner join states on return_steps.order_id = states.order_id
),

feedback_events as (
    select
        feedback.order_id,
        feedback.occurred_at,
        7 as feed_rank,
        0 as step,
        'feedback' as feed,
        'feedback' as event,
        feedback.feedback_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as axis,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        cast(null as {{ dbt.type_bigint() }}) as quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        feedback.topic as detail,
        coalesce(feedback.channel, feedback._source) as actor,
        {% for column in lineage %}feedback.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from feedback
    inner join states on feedback.order_id = states.order_id
    where feedback.is_current
),

cart_events as (
    select
        carts.order_id,
        carts.occurred_at,
        0 as feed_rank,
        -1 as step,
        'carts' as feed,
        carts.status as event,
        carts.cart_id as reference,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as axis,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        carts.quantity,
        cast(null as {{ money_type() }}) as amount,
        cast(null as {{ dbt.type_string() }}) as currency,
        carts.sku as detail,
        carts._source as actor,
        {% for column in lineage %}carts.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
    from carts
    inner join states on carts.order_id = states.order_id
    where carts.is_current
),

events as (
    {% for events in [
        'order_events', 'line_events', 'payment_events', 'shipment_events', 'scan_events', 'return_events',
        'feedback_events', 'cart_events'
    ] -%}
    select * from {{ events }}
    {% if not loop.last %}union all
    {% endif %}
    {%- endfor %}
),

final as (
    select
        events.order_id,
        events.occurred_at,
        cast(events.feed_rank * 100 + events.step as {{ dbt.type_int() }}) as event_rank,
        events.feed,
        events.event,
        events.reference,
        events.line_id,
        events.axis,
        events.from_status,
        events.to_status,
        case
            when events.axis is null then null
            else events.from_status = events.to_status or transitions.axis is not null
        end as is_legal,
        events.quantity,
        events.amount,
        events.currency,
        events.detail,
        events.actor,
        events._file_id,
        events._record,
        events._source,
        {{ this_batch() }} as _batch_id
    from events
    left join transitions
        on
            events.axis = transitions.axis
            and events.from_status = transitions.from_status
            and events.to_status = transitions.to_status
)

select * from final
