with feedback as (
    select * from {{ ref('stg_feedback') }}
    where is_current
),

test_orders as (
    select * from {{ ref('stg_orders') }}
    where is_current and is_test
),

final as (
    select
        feedback.feedback_id,
        feedback.order_id,
        feedback.customer_id,
        feedback.channel,
        feedback.topic,
        feedback.text_token,
        feedback._source as source,
        feedback.score,
        feedback.scale_max,
        case
            when feedback.scale_max > 0 then {{ ratio('feedback.score', 'feedback.scale_max') }}
        end as score_rate,
        cast({{ business_date('feedback.occurred_at') }} as date) as feedback_date,
        feedback.occurred_at,
        feedback._file_id,
        feedback._record
    from feedback
    where not exists (select 1 from test_orders where test_orders.order_id = feedback.order_id)
)

select * from final
