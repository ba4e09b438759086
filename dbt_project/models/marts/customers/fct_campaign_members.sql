with members as (
    select * from {{ ref('stg_campaign_members') }}
    where is_current
),

sales as (
    select * from {{ ref('int_campaign_sales') }}
),

final as (
    select
        members.campaign_id,
        members.customer_key,
        members.title,
        members.arm,
        members.purpose,
        members.channel,
        members.template,
        members.offer,
        cast(members.attribution_days as {{ dbt.type_bigint() }}) as attribution_days,
        coalesce(sales.orders_count, 0) as orders_count,
        coalesce(sales.missing_rates_count, 0) as missing_rates_count,
        cast(case
            when coalesce(sales.missing_rates_count, 0) = 0 then coalesce(sales.net_sales_amount_reporting, 0)
        end as {{ money_type() }}) as net_sales_amount_reporting,
        coalesce(sales.orders_count, 0) > 0 as is_buyer,
        {{ business_date('members.assigned_at') }} as assigned_date,
        members.assigned_at,
        members.window_ends_at,
        members._file_id,
        members._record
    from members
    left join sales
        on
            members.campaign_id = sales.campaign_id
            and members.customer_key = sales.customer_key
)

select * from final
