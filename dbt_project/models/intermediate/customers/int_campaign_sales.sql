{#- Purchases of each member of a campaign within its window, and what was returned of them within it. -#}
with members as (
    select * from {{ ref('stg_campaign_members') }}
    where is_current
),

customer_orders as (
    select * from {{ ref('int_customer_orders_reporting') }}
),

purchases as (
    select
        members.campaign_id,
        members.customer_key,
        members.window_ends_at,
        customer_orders.subject_id,
        customer_orders.is_rate_missing,
        customer_orders.gross_amount_reporting - customer_orders.discount_amount_reporting as net_amount_reporting
    from members
    inner join customer_orders
        on
            members.customer_key = customer_orders.customer_key
            and members.assigned_at <= customer_orders.placed_at
            and members.window_ends_at > customer_orders.placed_at
    where customer_orders.is_purchase
),

-- Returns have a business day and no instant, so that of the window's last instant counts as a whole.
taken_back as (
    select
        purchases.campaign_id,
        purchases.customer_key,
        purchases.subject_id,
        sum(returned.returned_amount_reporting) as returned_amount_reporting,
        count(case when returned.is_rate_missing then 1 end) as missing_rates_count
    from purchases
    inner join customer_orders as returned
        on
            purchases.customer_key = returned.customer_key
            and purchases.subject_id = returned.subject_id
    where returned.order_id is null and returned.business_date <= {{ business_date('purchases.window_ends_at') }}
    group by purchases.campaign_id, purchases.customer_key, purchases.subject_id
),

final as (
    select
        purchases.campaign_id,
        purchases.customer_key,
        cast(count(*) as {{ dbt.type_bigint() }}) as orders_count,
        cast(
            count(case when purchases.is_rate_missing then 1 end) + coalesce(sum(taken_back.missing_rates_count), 0)
            as {{ dbt.type_bigint() }}
        ) as missing_rates_count,
        cast(
            coalesce(sum(purchases.net_amount_reporting), 0) - coalesce(sum(taken_back.returned_amount_reporting), 0)
            as {{ money_type() }}
        ) as net_sales_amount_reporting
    from purchases
    left join taken_back
        on
            purchases.campaign_id = taken_back.campaign_id
            and purchases.customer_key = taken_back.customer_key
            and purchases.subject_id = taken_back.subject_id
    group by purchases.campaign_id, purchases.customer_key
)

select * from final
