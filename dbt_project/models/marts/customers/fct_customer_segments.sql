{{ config(materialized='view') }}

with snapshots as (
    select * from {{ published_ref('int_customer_snapshots') }}
),

rfm_segments as (
    select * from {{ published_ref('rfm_segments') }}
),

customers as (
    select * from {{ published_ref('int_customer_totals') }}
),

categories as (
    select * from {{ published_ref('int_customer_categories') }}
    where kept_quantity > 0
),

carts as (
    select * from {{ published_ref('fct_carts') }}
    where customer_id is not null and cart_status in ('converted', 'abandoned')
),

rfm as (
    select
        snapshots.customer_key,
        coalesce(rfm_segments.segment, 'unscored') as segment,
        snapshots.snapshot_date
    from snapshots
    left join rfm_segments
        on
            snapshots.recency_score = rfm_segments.recency_score
            and snapshots.frequency_score = rfm_segments.frequency_score
            and snapshots.monetary_score = rfm_segments.monetary_score
),

aged as (
    select
        snapshots.customer_key,
        lower(trim(customers.gender)) as gender,
        extract(year from snapshots.snapshot_date) - customers.birth_year as age_years,
        snapshots.snapshot_date
    from snapshots
    left join customers on snapshots.customer_key = customers.customer_key
),

demographic as (
    select
        aged.customer_key,
        concat(
            coalesce(aged.gender, 'unknown'),
            ', ',
            case
                when aged.age_years is null then 'unknown'
                when aged.age_years < 25 then 'under 25'
                when aged.age_years < 35 then '25 to 34'
                when aged.age_years < 45 then '35 to 44'
                when aged.age_years < 55 then '45 to 54'
                when aged.age_years < 65 then '55 to 64'
                else '65 and over'
            end
        ) as segment,
        aged.snapshot_date
    from aged
),

-- The category of most units that were kept, of the orders up to the snapshot.
affinity as (
    select
        summed.customer_key,
        coalesce(summed.category, 'none') as segment,
        summed.snapshot_date
    from (
        select
            snapshots.customer_key,
            snapshots.snapshot_date,
            categories.category,
            sum(categories.kept_quantity) as kept_quantity
        from snapshots
        left join categories
            on
                snapshots.customer_key = categories.customer_key
                and snapshots.snapshot_date >= categories.placed_date
        group by snapshots.customer_key, snapshots.snapshot_date, categories.category
    ) as summed
    qualify row_number() over (
        partition by summed.customer_key, summed.snapshot_date
        order by summed.kept_quantity desc nulls last, summed.category nulls last
    ) = 1
),

-- A cart counts from the day of its last event.
cart as (
    select
        snapshots.customer_key,
        case
            when count(carts.cart_id) = 0 then 'none'
            when {{ count_if('carts.is_converted') }} * 2 >= count(carts.cart_id) then 'converter'
            else 'abandoner'
        end as segment,
        snapshots.snapshot_date
    from snapshots
    left join carts
        on
            snapshots.customer_key = concat('c:', carts.customer_id)
            and snapshots.snapshot_date >= {{ business_date('carts.last_event_at') }}
    group by snapshots.customer_key, snapshots.snapshot_date
),

{%- for scheme, column in [
    ('lifecycle', 'lifecycle'), ('value_band', 'value_band'), ('discount', 'discount_segment')
] %}

{{ scheme }} as (
    select
        snapshots.customer_key,
        snapshots.{{ column }} as segment,
        snapshots.snapshot_date
    from snapshots
),
{%- endfor %}

schemes as (
    {%- for scheme in ['rfm', 'lifecycle', 'value_band', 'discount', 'demographic', 'affinity', 'cart'] %}
    select
        '{{ scheme }}' as scheme,
        {{ scheme }}.customer_key,
        {{ scheme }}.segment,
        {{ scheme }}.snapshot_date
    from {{ scheme }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        schemes.customer_key,
        schemes.scheme,
        schemes.segment,
        snapshots.recency_score,
        snapshots.frequency_score,
        snapshots.monetary_score,
        snapshots.recency_days,
        snapshots.purchases_count,
        snapshots.net_spend_amount_reporting,
        schemes.snapshot_date
    from schemes
    inner join snapshots
        on
            schemes.customer_key = snapshots.customer_key
            and schemes.snapshot_date = snapshots.snapshot_date
)

select * from final
