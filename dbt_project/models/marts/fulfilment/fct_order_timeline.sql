{{ config(materialized='view') }}

with events as (
    select * from {{ published_ref('int_order_events') }}
),

final as (
    select
        events.order_id,
        events.occurred_at,
        cast(row_number() over (
            partition by events.order_id
            order by
                {{ order_of_events('events') }}
        ) as {{ dbt.type_bigint() }}) as event_number,
        events.feed,
        events.event,
        events.reference,
        events.line_id,
        events.axis,
        events.from_status,
        events.to_status,
        events.is_legal,
        events.quantity,
        events.amount,
        events.currency,
        events.detail,
        events.actor,
        events._file_id,
        events._record,
        events._source,
        events._batch_id
    from events
)

select * from final
