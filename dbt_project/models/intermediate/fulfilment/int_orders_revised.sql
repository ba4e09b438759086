{#
  Orders with an event that few orders have: a later version of a line, a cancellation, a decision, a return, or a payment that
  is neither an authorisation nor a capture; and orders with a line of which more was sent than ordered. All other orders keep
  most of their sums at 0 and reach no limit of a line, so the timeline adds up few columns for them.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}

with line_versions as (
    select * from {{ ref('int_line_versions_compared') }}
),

decisions as (
    select * from {{ ref('int_order_decisions_made') }}
),

returns as (
    select * from {{ ref('int_return_events_compared') }}
),

payments as (
    select * from {{ ref('int_order_events_payments') }}
),

parcels as (
    select * from {{ ref('int_parcels_compared') }}
),

sent as (
    select
        parcels.order_id,
        parcels.line_id,
        sum(parcels.quantity) as quantity
    from parcels
    group by
        parcels.order_id,
        parcels.line_id
),

final as (
    select line_versions.order_id
    from line_versions
    where
        line_versions.version_number > 1
        or line_versions.cancelled_quantity <> 0
        or line_versions.quantity < 0
    union
    select decisions.order_id
    from decisions
    where
        decisions.hold_count <> 0
        or decisions.confirm_count <> 0
        or decisions.whole_cancelled_count <> 0
        or decisions.cancelled_quantity > 0
    union
    select returns.order_id
    from returns
    union
    select payments.order_id
    from payments
    where payments.event not in ('authorized', 'captured')
    union
    select sent.order_id
    from sent
    inner join line_versions
        on
            sent.order_id = line_versions.order_id
            and sent.line_id = line_versions.line_id
    where sent.quantity > line_versions.quantity
)

select * from final
