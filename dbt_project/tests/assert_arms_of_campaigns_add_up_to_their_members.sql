with counted as (
    select
        members.campaign_id,
        members.arm,
        count(*) as members_count,
        sum(members.orders_count) as orders_count,
        sum(members.missing_rates_count) as missing_rates_count,
        sum(members.net_sales_amount_reporting) as net_sales_amount_reporting
    from {{ ref('fct_campaign_members') }} as members
    group by members.campaign_id, members.arm
),

results as (
    select * from {{ ref('fct_campaign_results') }}
)

select
    coalesce(counted.campaign_id, results.campaign_id) as campaign_id,
    coalesce(counted.arm, results.arm) as arm,
    counted.members_count,
    results.members_count as shown_members_count
from counted
full outer join results
    on
        counted.campaign_id = results.campaign_id
        and counted.arm = results.arm
where
    counted.members_count is distinct from results.members_count
    or counted.orders_count is distinct from results.orders_count
    or (
        counted.missing_rates_count = 0
        and counted.net_sales_amount_reporting is distinct from results.net_sales_amount_reporting
    )
