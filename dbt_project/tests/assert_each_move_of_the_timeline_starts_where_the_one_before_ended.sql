with moves as (
    select
        timeline.order_id,
        timeline.axis,
        timeline.event_number,
        timeline.from_status,
        coalesce(
            lag(timeline.to_status) over (
                partition by timeline.order_id, timeline.axis
                order by timeline.event_number
            ), 'none'
        ) as expected_status
    from {{ ref('fct_order_timeline') }} as timeline
    where timeline.axis is not null
)

select
    moves.order_id,
    moves.axis,
    moves.event_number,
    moves.expected_status,
    moves.from_status as found_status
from moves
where moves.from_status <> moves.expected_status
