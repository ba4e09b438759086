{%- set models = ['int_order_events'] %}
select timeline.order_id
from {{ ref('fct_order_timeline') }} as timeline
where {{ is_to_be_audited('timeline.order_id', models) }}
group by timeline.order_id
having
    count(*) <> max(timeline.event_number)
    or min(timeline.event_number) <> 1
    or sum(timeline.event_number) * 2 <> count(*) * (count(*) + 1)
