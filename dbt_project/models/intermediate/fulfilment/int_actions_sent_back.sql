{#
  Accepted actions of operators on orders, with the source that owns the order: does the action go back to it, and has a
  feed confirmed it? What became of the sending is no fact of a feed and is in the operations store.
#}
{{ config(materialized='table') }}

with actions as (
    select * from {{ ref('int_actions_shown') }}
    where
        is_accepted
        and source = 'operators'
),

confirmations as (
    select * from {{ ref('int_action_confirmations') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
    where is_current
),

write_back as (
    select * from {{ source('raw', 'write_back') }}
),

current_write_back as (
    select
        write_back.source,
        write_back.kind,
        write_back.since
    from write_back
    where write_back.batch_id = (select max(latest.batch_id) from write_back as latest)
),

topics as (
    select
        actions.*,
        case
            when actions.kind in ('hold', 'release') then 'hold'
            when actions.kind in ('approve_return', 'decline_return') then 'return'
            else actions.kind
        end as topic
    from actions
),

-- What a later action decides anew, or a cancellation makes pointless, needs no confirmation any more.
overtaken as (
    select distinct earlier.action_id
    from topics as earlier
    inner join topics as later
        on
            earlier.order_id = later.order_id
            and (
                earlier.occurred_at < later.occurred_at
                or (earlier.occurred_at = later.occurred_at and earlier.action_id < later.action_id)
            )
    where
        (later.kind = 'cancel' and earlier.kind <> 'cancel')
        or (
            earlier.topic = later.topic
            and earlier.topic not in ('cancel', 'cancel_line', 'confirm')
            and coalesce(earlier.line_id, '') = coalesce(later.line_id, '')
        )
),

final as (
    select
        topics.action_id,
        topics.order_id,
        topics.kind,
        topics.actor,
        orders._source as order_source,
        current_write_back.source is not null as is_sent_back,
        topics.kind not in ('approve', 'decline', 'note', 'tag') as is_confirmable,
        overtaken.action_id is not null
        or (orders.is_cancelled and topics.kind not in ('cancel', 'cancel_line')) as is_overtaken,
        topics.occurred_at,
        confirmations.confirmed_at
    from topics
    left join orders on topics.order_id = orders.order_id
    left join confirmations on topics.action_id = confirmations.action_id
    left join overtaken on topics.action_id = overtaken.action_id
    left join current_write_back
        on
            orders._source = current_write_back.source
            and topics.kind = current_write_back.kind
            and current_write_back.since <= {{ business_date('topics.occurred_at') }}
)

select * from final
