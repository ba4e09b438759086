{{ config(materialized='table') }}

with actions as (
    select * from {{ ref('int_actions_of_periods') }}
    where
        is_accepted
        and kind = 'close_month'
),

frozen as (
    select * from {{ ref('stg_closings') }}
),

restated as (
    select
        restatements.month,
        count(*) as figures_count,
        count(distinct concat(restatements.subject_kind, ':', restatements.subject_id)) as subjects_count,
        coalesce(sum(case
            when restatements.measure = 'net_sales' and restatements.recognition_clock = 'placed'
                then restatements.difference_amount_reporting
        end), 0) as net_sales_difference_amount_reporting,
        count(case
            when
                restatements.measure = 'net_sales'
                and restatements.recognition_clock = 'placed'
                and restatements.difference_amount_reporting is null
                then 1
        end) as unknown_count
    from {{ ref('fct_restatements') }} as restatements
    group by restatements.month
),

final as (
    select
        actions.subject_id as month,
        actions.action_id,
        actions.actor,
        actions.role,
        frozen.action_id is not null as is_frozen,
        cast(coalesce(restated.figures_count, 0) as {{ dbt.type_bigint() }}) as restated_figures_count,
        cast(coalesce(restated.subjects_count, 0) as {{ dbt.type_bigint() }}) as restated_subjects_count,
        cast(
            case when coalesce(restated.unknown_count, 0) = 0 then coalesce(restated.net_sales_difference_amount_reporting, 0) end
            as {{ money_type() }}
        ) as net_sales_difference_amount_reporting,
        frozen.known_batch_id,
        actions.first_date,
        actions.next_date,
        actions.occurred_at as closed_at
    from actions
    left join frozen on actions.action_id = frozen.action_id
    left join restated on actions.subject_id = restated.month
)

select * from final
