{#-
  Intention to treat: every member of an arm counts, contacted or not. The lift is the difference of the means of treated and
  held-out members, with Welch's interval. It stands on the row of the treated arm.
-#}
with members as (
    select * from {{ ref('fct_campaign_members') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

quantiles as (
    select * from {{ ref('student_t_quantiles') }}
),

arms as (
    select
        members.campaign_id,
        members.arm,
        max(members.title) as title,
        max(members.purpose) as purpose,
        max(members.channel) as channel,
        max(members.offer) as offer,
        max(members.attribution_days) as attribution_days,
        count(*) as members_count,
        count(case when members.is_buyer then 1 end) as buyers_count,
        sum(members.orders_count) as orders_count,
        sum(members.missing_rates_count) as missing_rates_count,
        sum(members.net_sales_amount_reporting) as net_sales_amount_reporting,
        sum(members.net_sales_amount_reporting * members.net_sales_amount_reporting) as squares,
        min(members.assigned_at) as assigned_at,
        max(members.window_ends_at) as window_ends_at
    from members
    group by members.campaign_id, members.arm
),

measured as (
    select
        arms.*,
        case when arms.missing_rates_count = 0 then {{ ratio('arms.net_sales_amount_reporting', 'arms.members_count') }} end as mean,
        case
            when arms.missing_rates_count = 0 and arms.members_count > 1
                then {{ sample_variance('arms.members_count', 'arms.net_sales_amount_reporting', 'arms.squares') }}
        end as variance
    from arms
),

compared as (
    select
        treated.campaign_id,
        treated.mean - held_out.mean as lift,
        treated.variance / treated.members_count as treated_part,
        held_out.variance / held_out.members_count as held_out_part,
        treated.members_count - 1 as treated_degrees,
        held_out.members_count - 1 as held_out_degrees
    from measured as treated
    inner join measured as held_out on treated.campaign_id = held_out.campaign_id
    where treated.arm = 'treated' and held_out.arm = 'held_out'
),

spread as (
    select
        compared.campaign_id,
        compared.lift,
        sqrt(compared.treated_part + compared.held_out_part) as standard_error,
        cast(floor(
            (compared.treated_part + compared.held_out_part) * (compared.treated_part + compared.held_out_part)
            / nullif(
                compared.treated_part * compared.treated_part / compared.treated_degrees
                + compared.held_out_part * compared.held_out_part / compared.held_out_degrees,
                0
            )
        ) as {{ dbt.type_bigint() }}) as degrees_of_freedom
    from compared
    where compared.treated_degrees > 0 and compared.held_out_degrees > 0
),

judged as (
    select
        spread.*,
        quantiles.quantile_975,
        quantiles.quantile_800,
        {{ student_t_deviate('abs(spread.lift / spread.standard_error)', 'spread.degrees_of_freedom') }} as deviate
    from spread
    inner join quantiles on spread.degrees_of_freedom >= quantiles.degrees_of_freedom
    where spread.standard_error > 0
    qualify row_number() over (
        partition by spread.campaign_id order by quantiles.degrees_of_freedom desc nulls last
    ) = 1
),

final as (
    select
        measured.campaign_id,
        measured.arm,
        measured.title,
        measured.purpose,
        measured.channel,
        measured.offer,
        measured.attribution_days,
        cast(measured.members_count as {{ dbt.type_bigint() }}) as members_count,
        cast(measured.buyers_count as {{ dbt.type_bigint() }}) as buyers_count,
        cast(measured.orders_count as {{ dbt.type_bigint() }}) as orders_count,
        cast(measured.missing_rates_count as {{ dbt.type_bigint() }}) as missing_rates_count,
        cast(case
            when measured.missing_rates_count = 0 then measured.net_sales_amount_reporting
        end as {{ money_type() }}) as net_sales_amount_reporting,
        {{ ratio('measured.buyers_count', 'measured.members_count') }} as buyer_rate,
        measured.mean as net_sales_per_member,
        sqrt(measured.variance) as net_sales_deviation,
        judged.degrees_of_freedom,
        judged.lift as lift_per_member,
        judged.lift - judged.quantile_975 * judged.standard_error as lift_low_per_member,
        judged.lift + judged.quantile_975 * judged.standard_error as lift_high_per_member,
        (judged.quantile_975 + judged.quantile_800) * judged.standard_error as detectable_lift_per_member,
        case when judged.deviate is not null then {{ normal_p_value('judged.deviate') }} end as p_value,
        abs(judged.lift) > judged.quantile_975 * judged.standard_error as has_effect,
        measured.window_ends_at <= as_of.as_of as is_complete,
        measured.assigned_at,
        measured.window_ends_at
    from measured
    cross join as_of
    left join judged
        on
            measured.campaign_id = judged.campaign_id
            and measured.arm = 'treated'
)

select * from final
