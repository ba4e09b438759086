{#- What customers say and what they leave in their carts. -#}
with feedback as (
    select * from {{ ref('stg_feedback') }}
    where is_current and score is not null and scale_max > 0
),

carts as (
    select * from {{ ref('stg_carts') }}
    where is_current
),

orders as (
    select * from {{ ref('order_states') }}
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

fates as (
    select
        carts.cart_id,
        min(carts._source) as source,
        {{ business_date('min(carts.occurred_at)') }} as business_date,
        max(case when carts.status = 'abandoned' then 1 else 0 end) as is_abandoned,
        max(case when carts.status = 'converted' then 1 else 0 end) as is_converted
    from carts
    group by carts.cart_id
),

left_behind as (
    select
        fates.business_date,
        cast(null as {{ dbt.type_string() }}) as channel,
        cast(null as {{ dbt.type_string() }}) as country,
        fates.source,
        count(*) as carts_count,
        {{ count_if('fates.is_abandoned = 1 and fates.is_converted = 0') }} as abandoned_count
    from fates
    group by fates.business_date, fates.source
),

final as (
    {{ kpi_rows('scored', [('feedback_score', 'score', 'best_score')]) }}
    union all
    {{ kpi_rows('left_behind', [('abandonment_rate', 'abandoned_count', 'carts_count')]) }}
)

select * from final
