{#
  Every order on its five axes, and the instants from which it would be late, stuck or unpaid. Nothing here depends on the
  clock; marts.fct_orders adds what does.
#}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified', 'int_line_allocations'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}
-- depends_on: {{ ref('int_line_allocations') }}

with orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines_allocated') }}
    where {{ is_touched('order_id', touched) }}
),

shipments as (
    select * from {{ ref('int_shipments') }}
    where {{ is_touched('order_id', touched) }}
),

return_lines as (
    select * from {{ ref('int_return_lines') }}
    where
        order_id is not null
        and {{ is_touched('order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where {{ is_touched('order_id', touched) }}
),

payments as (
    select * from {{ ref('int_order_payments') }}
    where {{ is_touched('order_id', touched) }}
),

-- Lines added up. Units to fulfil are the kept ones that require shipping; one over-shipped line makes up for no other.
summed_lines as (
    select
        order_lines.order_id,
        count(*) as lines_count,
        {% for column in [
            'ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'delivered_quantity', 'returned_quantity',
            'lost_quantity', 'carrier_returned_quantity', 'open_quantity', 'held_quantity', 'allocated_quantity',
            'backordered_quantity', 'not_tracked_quantity', 'ordered_gross_amount', 'ordered_discount_amount',
            'ordered_net_amount', 'ordered_tax_amount', 'gross_amount', 'discount_amount', 'net_amount', 'tax_amount',
            'returned_net_amount', 'returned_tax_amount'
        ] -%}
        sum(order_lines.{{ column }}) as {{ column }},
        {% endfor -%}
        sum(least(order_lines.returned_quantity, order_lines.shipped_quantity)) as returned_of_shipped_quantity,
        sum(greatest(order_lines.delivered_quantity, least(order_lines.returned_quantity, order_lines.shipped_quantity)))
            as arrived_quantity,
        sum(case when order_lines.requires_shipping then order_lines.ordered_quantity - order_lines.cancelled_quantity else 0 end)
            as to_fulfil_quantity,
        sum(case when order_lines.requires_shipping
            then least(order_lines.shipped_quantity, order_lines.ordered_quantity - order_lines.cancelled_quantity) else 0 end)
            as fulfilled_quantity,
        sum(case when order_lines.requires_shipping
            then least(order_lines.delivered_quantity, order_lines.ordered_quantity - order_lines.cancelled_quantity) else 0 end)
            as received_quantity,
        sum(case when order_lines.requires_shipping then order_lines.open_quantity else 0 end) as to_ship_quantity,
        max(case when order_lines.is_over_shipped then 1 else 0 end) as over_shipped_flag,
        min(order_lines.first_shipped_at) as first_shipped_at,
        max(order_lines.last_shipped_at) as last_shipped_at,
        max(case when order_lines.requires_shipping then order_lines.delivered_at end) as last_delivered_at,
        max(case when order_lines.cancelled_quantity > 0 then order_lines.updated_at end) as lines_cancelled_at
    from order_lines
    group by order_lines.order_id
),

-- The order is where its least advanced parcel is; parcels that were lost or cancelled count only if there is no other.
summed_shipments as (
    select
        shipments.order_id,
        count(*) as shipments_count,
        min(shipments.furthest_rank) filter (where shipments.furthest_status not in ('lost', 'cancelled')) as least_rank,
        max(case when shipments.furthest_status = 'lost' then 1 else 0 end) as lost_flag,
        max(case when shipments.has_delivery_problem and not (shipments.is_cancelled or shipments.is_lost) then 1 else 0 end)
            as problem_flag,
        min(shipments.first_attempt_at) filter (where not shipments.is_cancelled) as first_attempt_at,
        min(greatest(shipments.last_scan_at, shipments.shipped_at)) filter (where shipments.outcome = 'on_the_way') as stale_since
    from shipments
    group by shipments.order_id
),

-- Operators decide on the returns of the order as a whole; their latest word counts if the return has not moved since.
latest_decisions as (
    select
        actions.order_id,
        case actions.kind when 'approve_return' then 'approved' else 'declined' end as decision,
        actions.occurred_at
    from actions
    where
        actions.is_accepted
        and actions.kind in ('approve_return', 'decline_return')
    qualify row_number() over (
        partition by actions.order_id
        order by actions.occurred_at desc, actions.action_id desc
    ) = 1
),

decided_returns as (
    select
        return_lines.order_id,
        return_lines.returned_quantity,
        case
            when
                latest_decisions.occurred_at >= return_lines.last_event_at
                and return_lines.status in ('requested', 'approved', 'declined')
                then latest_decisions.decision
            else return_lines.status
        end as status
    from return_lines
    left join latest_decisions on return_lines.order_id = latest_decisions.order_id
),

summed_returns as (
    select
        decided_returns.order_id,
        sum(decided_returns.returned_quantity) as returned_any_quantity,
        max(case when decided_returns.status = 'approved' then 1 else 0 end) as approved_flag,
        max(case when decided_returns.status = 'requested' then 1 else 0 end) as requested_flag,
        max(case when decided_returns.status = 'declined' then 1 else 0 end) as declined_flag
    from decided_returns
    group by decided_returns.order_id
),

joined as (
    select
        orders.*,
        coalesce(summed_lines.lines_count, 0) as lines_count,
        {% for column in [
            'ordered_quantity', 'cancelled_quantity', 'shipped_quantity', 'delivered_quantity', 'returned_quantity',
            'lost_quantity', 'carrier_returned_quantity', 'open_quantity', 'held_quantity', 'allocated_quantity',
            'backordered_quantity', 'not_tracked_quantity', 'ordered_gross_amount', 'ordered_discount_amount',
            'ordered_net_amount', 'ordered_tax_amount', 'gross_amount', 'discount_amount', 'net_amount', 'tax_amount',
            'returned_net_amount', 'returned_tax_amount', 'returned_of_shipped_quantity', 'arrived_quantity', 'to_fulfil_quantity',
            'fulfilled_quantity', 'received_quantity', 'to_ship_quantity'
        ] -%}
        coalesce(summed_lines.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        {% for column in [
            'authorized_amount', 'captured_amount', 'refunded_amount', 'voided_amount', 'disputed_amount', 'fee_amount'
        ] -%}
        coalesce(payments.{{ column }}, 0) as {{ column }},
        {% endfor -%}
        coalesce(payments.failed_count, 0) as failed_count,
        payments.first_captured_at,
        payments.authorized_reached_at,
        coalesce(summed_lines.over_shipped_flag = 1, false) as is_over_shipped,
        summed_lines.first_shipped_at,
        summed_lines.last_shipped_at,
        summed_lines.last_delivered_at,
        summed_lines.lines_cancelled_at,
        coalesce(summed_shipments.shipments_count, 0) as shipments_count,
        summed_shipments.least_rank,
        coalesce(summed_shipments.lost_flag = 1, false) as has_lost_parcel,
        coalesce(summed_shipments.problem_flag = 1, false) as has_delivery_problem,
        summed_shipments.first_attempt_at,
        summed_shipments.stale_since,
        summed_returns.order_id is not null as has_return,
        coalesce(summed_returns.returned_any_quantity, 0) as returned_any_quantity,
        coalesce(summed_returns.approved_flag = 1, false) as has_approved_return,
        coalesce(summed_returns.requested_flag = 1, false) as has_requested_return,
        coalesce(summed_returns.declined_flag = 1, false) as has_declined_return,
        cast({{ var('tolerance_minor_units') }} * {{ minor_unit_amount('orders.currency_digits') }} as {{ money_type() }})
            as tolerance_amount
    from orders
    left join summed_lines on orders.order_id = summed_lines.order_id
    left join summed_shipments on orders.order_id = summed_shipments.order_id
    left join summed_returns on orders.order_id = summed_returns.order_id
    left join payments on orders.order_id = payments.order_id
),

charged as (
    select
        joined.*,
        (joined.lines_count > 0 and joined.cancelled_quantity >= joined.ordered_quantity)
        or (joined.is_whole_order_cancelled and joined.shipped_quantity = 0) as is_nothing_left,
        case when joined.prices_include_tax then 0 else joined.tax_amount end as added_tax_amount,
        case when joined.prices_include_tax then 0 else joined.ordered_tax_amount end as ordered_added_tax_amount,
        case when joined.prices_include_tax then 0 else joined.returned_tax_amount end as returned_added_tax_amount,
        joined.shipping_amount + case when joined.prices_include_tax then 0 else joined.shipping_tax_amount end
            as shipping_due_amount
    from joined
),

due as (
    select
        charged.*,
        charged.net_amount + charged.added_tax_amount
        + case when charged.is_nothing_left then 0 else charged.shipping_due_amount end as due_amount,
        charged.ordered_net_amount + charged.ordered_added_tax_amount + charged.shipping_due_amount as ordered_due_amount
    from charged
),

settled as (
    select
        due.*,
        case
            when due.due_amount = 0 then true
            when not due.is_paid_tracked then cast(null as {{ dbt.type_boolean() }})
            else
                due.captured_amount >= due.due_amount - due.tolerance_amount
                or due.captured_amount - due.refunded_amount
                >= due.due_amount - due.returned_net_amount - due.returned_added_tax_amount - due.tolerance_amount
        end as is_settled,
        due.due_amount = 0 or (
            due.is_paid_tracked
            and greatest(due.authorized_amount, due.captured_amount) >= due.due_amount - due.tolerance_amount
        ) as is_covered,
        due.is_nothing_left and due.shipped_quantity = 0 as is_cancelled
    from due
),

axes as (
    select
        settled.*,
        case
            when settled.is_cancelled then 'cancelled'
            when settled.is_on_hold then 'on_hold'
            when
                settled.lines_count > 0
                and settled.is_shipment_tracked
                and settled.to_ship_quantity = 0
                and (not settled.is_delivery_tracked or settled.arrived_quantity >= settled.shipped_quantity)
                and coalesce(settled.is_settled, true)
                then 'closed'
            when
                settled.confirm_action_at is not null
                or settled.is_covered
                or settled.payment_terms in ('on_delivery', 'invoice')
                or settled.shipped_quantity > 0
                then 'confirmed'
            else 'placed'
        end as order_status,
        {{ payment_status('settled') }} as payment_status,
        case
            when not settled.is_shipment_tracked then 'not_tracked'
            when settled.to_fulfil_quantity = 0 then 'nothing_to_fulfil'
            when settled.received_quantity >= settled.to_fulfil_quantity then 'delivered'
            when settled.received_quantity > 0 then 'part_delivered'
            when settled.fulfilled_quantity >= settled.to_fulfil_quantity then 'shipped'
            when settled.fulfilled_quantity > 0 then 'part_shipped'
            else 'unfulfilled'
        end as fulfilment_status,
        case
            when not settled.is_delivery_tracked then 'not_tracked'
            when settled.shipments_count = 0 then 'none'
            when settled.least_rank is not null
                then {{ delivery_status_at('settled.least_rank', 'false', 'false') }}
            when settled.has_lost_parcel then 'lost'
            else 'cancelled'
        end as delivery_status,
        case
            when settled.has_return and settled.returned_any_quantity > 0
                and settled.is_shipment_tracked
                and settled.shipped_quantity > 0
                and settled.returned_of_shipped_quantity >= settled.shipped_quantity
                then 'returned'
            when settled.returned_any_quantity > 0
                and not settled.is_shipment_tracked
                and settled.returned_any_quantity >= settled.ordered_quantity - settled.cancelled_quantity
                then 'returned'
            when settled.returned_any_quantity > 0 then 'part_returned'
            when settled.has_approved_return then 'approved'
            when settled.has_requested_return then 'requested'
            when settled.has_declined_return then 'declined'
            when not settled.is_return_tracked and not settled.has_return then 'not_tracked'
            else 'none'
        end as return_status
    from settled
),

dated as (
    select
        axes.*,
        case
            when axes.fulfilment_status = 'delivered' then axes.last_delivered_at
        end as delivered_at,
        case
            when axes.promise_is_date_only then {{ instant_before(business_day_start(add_days_to_date(
                business_date('axes.current_promised_at'), 1
            ))) }}
            else axes.current_promised_at
        end as promise_ends_at,
        case
            when axes.order_status <> 'cancelled' then null
            when axes.is_whole_order_cancelled then axes.cancelled_at
            else axes.lines_cancelled_at
        end as order_cancelled_at,
        least(
            axes.confirm_action_at,
            axes.first_shipped_at,
            case
                when axes.payment_terms in ('on_delivery', 'invoice') then axes.placed_at
                when axes.is_covered and axes.due_amount <= axes.tolerance_amount then axes.placed_at
            end,
            case when axes.is_covered then axes.authorized_reached_at end
        ) as confirmed_at
    from axes
),

deadlines as (
    select
        dated.*,
        case
            when
                dated.is_delivery_tracked
                and dated.order_status <> 'cancelled'
                and dated.fulfilment_status <> 'nothing_to_fulfil'
                then dated.promise_ends_at
        end as late_at,
        case
            when dated.payment_status not in ('none', 'failed', 'voided', 'part_paid', 'authorized') or dated.is_settled
                then null
            when dated.payment_terms = 'invoice'
                then coalesce(dated.invoice_due_at, {{ add_days('dated.placed_at', var('invoice_days')) }})
            when dated.payment_terms = 'on_delivery'
                then {{ add_days('dated.delivered_at', var('payment_on_delivery_days')) }}
            when dated.payment_terms = 'prepaid' and dated.payment_status <> 'authorized'
                then {{ add_days('dated.placed_at', var('unpaid_days')) }}
        end as unpaid_at,
        case
            when dated.is_delivery_tracked and dated.order_status <> 'cancelled'
                then {{ add_days('dated.stale_since', var('stuck_days')) }}
        end as stuck_at
    from dated
),

final as (
    select
        deadlines.order_id,
        {{ tracking_id('deadlines.order_id') }} as tracking_id,
        deadlines._source as source,
        deadlines.channel,
        deadlines.order_type,
        deadlines.original_order_id,
        deadlines.legal_entity,
        deadlines.customer_id,
        deadlines.customer_key,
        deadlines.email_token as customer_token,
        deadlines.currency,
        deadlines.ship_city,
        deadlines.ship_region,
        deadlines.ship_postcode,
        deadlines.ship_country,
        deadlines.discount_code,
        deadlines.payment_terms,
        deadlines.cancel_reason,
        deadlines.order_status,
        deadlines.payment_status,
        deadlines.fulfilment_status,
        deadlines.delivery_status,
        deadlines.return_status,
        cast(deadlines.currency_digits as {{ dbt.type_int() }}) as currency_digits,
        {% for column in [
            'lines_count', 'shipments_count', 'ordered_quantity', 'cancelled_quantity', 'shipped_quantity',
            'delivered_quantity', 'returned_quantity', 'returned_of_shipped_quantity', 'lost_quantity',
            'carrier_returned_quantity', 'open_quantity', 'held_quantity', 'allocated_quantity', 'backordered_quantity',
            'not_tracked_quantity', 'to_fulfil_quantity', 'fulfilled_quantity', 'to_ship_quantity'
        ] -%}
        cast(deadlines.{{ column }} as {{ dbt.type_bigint() }}) as {{ column }},
        {% endfor -%}
        {% for column in [
            'ordered_gross_amount', 'ordered_discount_amount', 'ordered_net_amount', 'ordered_tax_amount', 'gross_amount',
            'discount_amount', 'net_amount', 'tax_amount'
        ] -%}
        cast(deadlines.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(case when deadlines.is_nothing_left then 0 else deadlines.shipping_amount end as {{ money_type() }})
            as shipping_amount,
        cast(case when deadlines.is_nothing_left then 0 else deadlines.shipping_tax_amount end as {{ money_type() }})
            as shipping_tax_amount,
        cast(deadlines.shipping_amount as {{ money_type() }}) as ordered_shipping_amount,
        cast(deadlines.shipping_tax_amount as {{ money_type() }}) as ordered_shipping_tax_amount,
        {% for column in [
            'returned_net_amount', 'due_amount', 'ordered_due_amount', 'authorized_amount', 'captured_amount',
            'refunded_amount', 'voided_amount', 'disputed_amount', 'fee_amount', 'tolerance_amount'
        ] -%}
        cast(deadlines.{{ column }} as {{ money_type() }}) as {{ column }},
        {% endfor -%}
        cast(deadlines.due_amount - deadlines.captured_amount + deadlines.refunded_amount as {{ money_type() }})
            as balance_amount,
        deadlines.prices_include_tax,
        deadlines.promise_is_date_only,
        deadlines.is_cancelled_at_source as is_cancelled,
        deadlines.is_whole_order_cancelled,
        deadlines.is_on_hold,
        deadlines.backordered_quantity > 0 as is_backordered,
        deadlines.is_over_shipped,
        deadlines.is_settled,
        deadlines.is_line_tracked,
        deadlines.is_paid_tracked,
        deadlines.is_shipment_tracked,
        deadlines.is_delivery_tracked,
        deadlines.is_return_tracked,
        deadlines.is_stock_tracked,
        deadlines.has_delivery_problem,
        deadlines.placed_date,
        deadlines.placed_at,
        deadlines.confirmed_at,
        deadlines.first_shipped_at,
        deadlines.last_shipped_at,
        deadlines.first_attempt_at,
        deadlines.delivered_at,
        deadlines.order_cancelled_at as cancelled_at,
        deadlines.held_at,
        deadlines.first_promised_at,
        deadlines.current_promised_at,
        deadlines.late_at,
        deadlines.unpaid_at,
        deadlines.stuck_at,
        deadlines.first_captured_at,
        {{ hours_between('deadlines.placed_at', 'deadlines.first_shipped_at') }} as hours_to_ship,
        {{ hours_between('deadlines.first_shipped_at', 'deadlines.delivered_at') }} as hours_in_transit,
        {{ hours_between('deadlines.placed_at', 'deadlines.delivered_at') }} as hours_to_deliver,
        deadlines._file_id,
        deadlines._record,
        deadlines._source,
        {{ this_batch() }} as _batch_id
    from deadlines
)

select * from final
