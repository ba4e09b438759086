select
    members.campaign_id,
    members.customer_key,
    count(*) as rows_count
from {{ ref('fct_campaign_members') }} as members
group by members.campaign_id, members.customer_key
having count(*) <> 1
