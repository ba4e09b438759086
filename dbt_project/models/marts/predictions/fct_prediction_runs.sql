{#- Runs of predictors with the age of what they predicted from, at the clock of the build. -#}
with runs as (
    select * from {{ source('predictions', 'runs') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

ranked as (
    select
        runs.*,
        row_number() over (
            partition by runs.predictor
            order by runs.predicted_at desc nulls last, runs.run_id
        ) as newest_first
    from runs
),

final as (
    select
        cast(ranked.run_id as {{ dbt.type_string() }}) as run_id,
        cast(ranked.build_id as {{ dbt.type_string() }}) as build_id,
        cast(ranked.batch_id as {{ dbt.type_bigint() }}) as batch_id,
        cast(ranked.predictor as {{ dbt.type_string() }}) as predictor,
        cast(ranked.model as {{ dbt.type_string() }}) as model,
        cast(ranked.rows_written as {{ dbt.type_bigint() }}) as rows_count,
        cast({{ hours_between('ranked.origin_at', 'as_of.as_of') }} as double) as age_hours,
        cast(ranked.seconds as double) as compute_seconds,
        ranked.newest_first = 1 as is_latest,
        cast(ranked.origin_at as {{ dbt.type_timestamp() }}) as origin_at,
        cast(ranked.predicted_at as {{ dbt.type_timestamp() }}) as predicted_at
    from ranked
    cross join as_of
)

select * from final
