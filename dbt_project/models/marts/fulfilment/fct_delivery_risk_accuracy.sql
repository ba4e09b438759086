{# Sums of the tested predictions; shares of any number of rows follow from them. -#}
with predictions as (
    select * from {{ ref('int_delivery_backtest') }}
),

ranked as (
    select
        predictions.*,
        ntile(10) over (
            partition by predictions.age_days
            order by predictions.late_probability nulls last, predictions.order_id nulls last, predictions.shipment_id nulls last
        ) as decile,
        case when predictions.is_broken then 1 else 0 end as outcome
    from predictions
),

final as (
    select
        cast(ranked.age_days as {{ dbt.type_int() }}) as age_days,
        cast(ranked.decile as {{ dbt.type_int() }}) as decile,
        cast(count(*) as {{ dbt.type_bigint() }}) as predictions_count,
        cast(sum(ranked.outcome) as {{ dbt.type_bigint() }}) as late_count,
        cast(sum(ranked.late_probability) as decimal(28, 6)) as probability_sum,
        cast(sum(ranked.base_rate) as decimal(28, 6)) as base_rate_sum,
        cast(sum((ranked.late_probability - ranked.outcome) * (ranked.late_probability - ranked.outcome)) as decimal(28, 12))
            as squared_error_sum,
        cast(sum((ranked.base_rate - ranked.outcome) * (ranked.base_rate - ranked.outcome)) as decimal(28, 12))
            as base_squared_error_sum,
        ranked.origin_date
    from ranked
    group by ranked.age_days, ranked.decile, ranked.origin_date
)

select * from final
