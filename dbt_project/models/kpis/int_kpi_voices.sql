{#- KPIs of feedback and carts. -#}
with feedback as (
    select * from {{ ref('fct_feedback') }}
    where score_rate is not null
),

carts as (
    select * from {{ ref('fct_carts') }}
),

orders as (
    select * from {{ ref('int_order_states') }}
),

scored as (
    select
        feedback.feedback_date as business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        coalesce(orders.source, feedback.source) as source,
        sum(feedback.score) as score,
        sum(feedback.scale_max) as best_score
    from feedback
    left join orders on feedback.order_id = orders.order_id
    group by
        feedback.feedback_date,
        coalesce(orders.channel, 'unknown'),
        coalesce(orders.ship_country, 'unknown'),
        coalesce(orders.source, feedback.source)
),

left_behind as (
    select
        carts.first_event_date as business_date,
        carts.source,
        count(*) as carts_count,
        {{ count_if('carts.is_abandoned') }} as abandoned_count
    from carts
    group by carts.first_event_date, carts.source
),

final as (
    {{ kpi_rows('scored', [('feedback_score', 'score', 'best_score')]) }}
    union all
    {{ kpi_rows('left_behind', [('abandonment_rate', 'abandoned_count', 'carts_count')], ['source']) }}
)

select * from final
