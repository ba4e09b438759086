{{ config(materialized='ephemeral', step_of='int_order_events') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

line_versions as (
    select * from {{ ref('int_line_versions_compared') }}
),

final as (
    select
        line_versions.order_id,
        line_versions.updated_at as occurred_at,
        200 + line_versions.version_number as event_rank,
        'order_lines' as feed,
        line_versions.event,
        line_versions.line_id as reference,
        line_versions.line_id,
        case
            when line_versions.event = 'line_cancelled'
                then line_versions.cancelled_quantity - line_versions.was_cancelled_quantity
            else line_versions.quantity
        end as quantity,
        line_versions.gross_amount as amount,
        states.currency,
        line_versions.sku as detail,
        line_versions._source as actor,
        line_versions._file_id,
        line_versions._record,
        line_versions._source
    from line_versions
    inner join states on line_versions.order_id = states.order_id
)

select * from final
