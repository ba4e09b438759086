{# Every customer at every snapshot date: scores among the customers of that date, segments and lifecycle. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget_stale_snapshots() }}"
) }}

-- The pre-hook reads {{ ref('int_touched_dates') }} and {{ ref('int_snapshot_dates') }}.
with states as (
    select * from {{ ref('int_customer_snapshot_states') }}
),

population_gaps as (
    select
        states.snapshot_date,
        -- A median of seconds may be half a second.
        {{ percentile_of_parts(0.5, 'states.own_gap_days', 172800) }} as gap_days
    from states
    where states.own_gap_days is not null
    group by states.snapshot_date
),

-- percent_rank computed over few distinct values: number of customers with a worse value ÷ number of other customers.
recencies as (
    select
        counted.snapshot_date,
        counted.recency_days,
        sum(counted.customers_count) over (
            partition by counted.snapshot_date order by counted.recency_days desc
        ) - counted.customers_count as worse_count
    from (
        select
            states.snapshot_date,
            states.recency_days,
            count(*) as customers_count
        from states
        group by states.snapshot_date, states.recency_days
    ) as counted
),

frequencies as (
    select
        counted.snapshot_date,
        counted.purchases_count,
        sum(counted.customers_count) over (
            partition by counted.snapshot_date order by counted.purchases_count
        ) - counted.customers_count as worse_count
    from (
        select
            states.snapshot_date,
            states.purchases_count,
            count(*) as customers_count
        from states
        group by states.snapshot_date, states.purchases_count
    ) as counted
),

populations as (
    select
        states.snapshot_date,
        count(*) as customers_count
    from states
    group by states.snapshot_date
),

ranked as (
    select
        states.*,
        greatest(coalesce(states.own_gap_days, population_gaps.gap_days, {{ var('default_gap_days') }}), 1) as gap_days,
        coalesce({{ ratio('recencies.worse_count', 'populations.customers_count - 1') }}, 0) as recency_rank,
        coalesce({{ ratio('frequencies.worse_count', 'populations.customers_count - 1') }}, 0) as frequency_rank,
        -- Spend that is unknown for want of a rate has no rank, and the others are ranked without it.
        case when states.missing_rates_count = 0 then percent_rank() over (
            partition by states.snapshot_date, states.missing_rates_count > 0 order by states.net_amount
        ) end as monetary_rank
    from states
    inner join populations on states.snapshot_date = populations.snapshot_date
    inner join recencies
        on
            states.snapshot_date = recencies.snapshot_date
            and states.recency_days = recencies.recency_days
    inner join frequencies
        on
            states.snapshot_date = frequencies.snapshot_date
            and states.purchases_count = frequencies.purchases_count
    left join population_gaps on states.snapshot_date = population_gaps.snapshot_date
),

final as (
    select
        cast(ranked.customer_key as {{ dbt.type_string() }}) as customer_key,
        {{ quintile('ranked.recency_rank') }} as recency_score,
        {{ quintile('ranked.frequency_rank') }} as frequency_score,
        {{ quintile('ranked.monetary_rank') }} as monetary_score,
        case
            when ranked.last_purchase_date is null then 'never_bought'
            when ranked.recency_days > 4 * ranked.gap_days then 'lost'
            when ranked.recency_days > 2 * ranked.gap_days then 'at_risk'
            when ranked.purchases_count = 1 then 'new'
            else 'active'
        end as lifecycle,
        case
            when ranked.monetary_rank is null then 'unscored'
            when ranked.net_amount <= 0 then 'none'
            when ranked.monetary_rank >= 0.9 then 'high'
            when ranked.monetary_rank >= 0.6 then 'medium'
            else 'low'
        end as value_band,
        case
            when ranked.discounted_count = 0 then 'full_price'
            when ranked.discounted_count * 2 < ranked.purchases_count then 'occasional'
            else 'discount_driven'
        end as discount_segment,
        cast(ranked.recency_days as {{ dbt.type_bigint() }}) as recency_days,
        cast(ranked.purchases_count as {{ dbt.type_bigint() }}) as purchases_count,
        cast(ranked.discounted_count as {{ dbt.type_bigint() }}) as discounted_purchases_count,
        cast(ranked.gap_days as double) as gap_days,
        cast(case when ranked.missing_rates_count = 0 then ranked.net_amount end as {{ money_type() }})
            as net_spend_amount_reporting,
        cast(case when ranked.missing_rates_count = 0 then ranked.gross_amount end as {{ money_type() }})
            as gross_amount_reporting,
        cast(case when ranked.missing_rates_count = 0 then ranked.discount_amount end as {{ money_type() }})
            as discount_amount_reporting,
        cast(ranked.snapshot_date as date) as snapshot_date,
        {{ this_batch() }} as _batch_id
    from ranked
)

select * from final
