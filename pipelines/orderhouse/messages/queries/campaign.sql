-- One row per treated member of a campaign, as frozen when it started.
select
    members.customer_key as subject_id,
    members.campaign_id as occasion,
    null::varchar as order_id,
    members.assigned_at as occurred_at,
    to_json(struct_pack(
        campaign := members.campaign_id,
        title := coalesce(members.title, members.campaign_id),
        offer := members.offer,
        purpose := members.purpose,
        channel := members.channel,
        template := coalesce(members.template, 'campaign')
    ))::varchar as payload,
    null::varchar as items,
    null::varchar as tracking_id,
    null::varchar as currency,
    null::varchar as legal_entity,
    customers.country,
    customers.email_token as recipient,
    customers.language,
    false as is_silenced,
    coalesce(customers.has_marketing_consent, false) as has_consent
from marts.fct_campaign_members as members
inner join marts.dim_customers as customers on members.customer_key = customers.customer_key
where
    members.arm = 'treated'
    and members.assigned_at >= $since
    and ($subjects is null or members.customer_key in (select unnest($subjects)))
    and ($order_id is null)
order by members.assigned_at, members.campaign_id, members.customer_key
