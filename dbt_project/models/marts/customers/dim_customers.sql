{{ config(materialized='view') }}

with totals as (
    select * from {{ published_ref('int_customer_totals') }}
),

snapshots as (
    select * from {{ published_ref('int_customer_snapshots') }}
),

clock as (
    select * from {{ published_ref('as_of') }}
),

current_snapshots as (
    select snapshots.*
    from snapshots
    inner join clock on snapshots.snapshot_date = clock.business_date
),

final as (
    select
        totals.customer_key,
        totals.customer_id,
        totals.email_token,
        totals.preferred_channel,
        totals.preferred_category,
        totals.country,
        totals.region,
        totals.city,
        totals.language,
        totals.gender,
        coalesce(current_snapshots.lifecycle, 'never_bought') as lifecycle,
        totals.first_order_id,
        totals.first_channel,
        totals.first_country,
        totals.first_source,
        totals.first_category,
        totals.countries,
        totals.birth_year,
        totals.orders_count,
        totals.cancelled_orders_count,
        totals.purchases_count,
        totals.discounted_purchases_count,
        totals.shipped_quantity,
        totals.returned_quantity,
        totals.missing_rates_count,
        totals.gross_amount_reporting,
        totals.discount_amount_reporting,
        totals.net_amount_reporting,
        totals.returned_amount_reporting,
        totals.net_spend_amount_reporting,
        {{ round_half_even_quotient('totals.net_amount_reporting', 1, 'nullif(totals.purchases_count, 0)', 4) }}
            as average_order_value_reporting,
        {{ ratio('totals.returned_quantity', 'totals.shipped_quantity') }} as return_rate,
        {{ ratio('totals.discount_amount_reporting', 'totals.gross_amount_reporting') }} as discount_share,
        current_snapshots.gap_days,
        totals.has_marketing_consent,
        totals.is_registered,
        totals.has_first_discount,
        totals.first_order_date,
        totals.created_at,
        totals.first_order_at,
        totals.last_order_at,
        totals.first_purchase_at,
        totals.second_purchase_at,
        totals.last_purchase_at,
        totals._file_id,
        totals._record,
        totals._source,
        totals._batch_id
    from totals
    left join current_snapshots on totals.customer_key = current_snapshots.customer_key
)

select * from final
