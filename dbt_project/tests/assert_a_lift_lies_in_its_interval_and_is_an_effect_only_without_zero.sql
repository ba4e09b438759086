select
    results.campaign_id,
    results.arm,
    results.lift_per_member,
    results.lift_low_per_member,
    results.lift_high_per_member
from {{ ref('fct_campaign_results') }} as results
where
    results.lift_per_member is not null
    and (
        not results.lift_per_member between results.lift_low_per_member and results.lift_high_per_member
        or results.has_effect <> (results.lift_low_per_member > 0 or results.lift_high_per_member < 0)
        or not results.p_value between 0 and 1
        or results.arm <> 'treated'
    )
