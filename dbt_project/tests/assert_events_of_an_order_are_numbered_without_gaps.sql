select timeline.order_id
from {{ ref('fct_order_timeline') }} as timeline
group by timeline.order_id
having
    count(*) <> max(timeline.event_number)
    or count(distinct timeline.event_number) <> count(*)
