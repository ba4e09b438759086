{#- KPIs of feedback and carts. -#}
with test_orders as (
    select * from {{ ref('stg_orders') }}
    where is_current and is_test
),

feedback as (
    select voices.*
    from {{ ref('stg_feedback') }} as voices
    where
        voices.is_current
        and voices.score is not null
        and voices.scale_max > 0
        and not exists (select 1 from test_orders where test_orders.order_id = voices.order_id)
),

carts as (
    select * from {{ ref('fct_carts') }}
),

orders as (
    select * from {{ ref('int_order_states') }}
),

scored as (
    select
        {{ business_date('feedback.occurred_at') }} as business_date,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        coalesce(orders.source, feedback._source) as source,
        sum(feedback.score) as score,
        sum(feedback.scale_max) as best_score
    from feedback
    left join orders on feedback.order_id = orders.order_id
    group by
        {{ business_date('feedback.occurred_at') }},
        coalesce(orders.channel, 'unknown'),
        coalesce(orders.ship_country, 'unknown'),
        coalesce(orders.source, feedback._source)
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
