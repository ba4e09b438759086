{{ config(materialized='view') }}

with snapshots as (
    select * from {{ published_ref('int_customer_snapshots') }}
),

rfm_segments as (
    select * from {{ published_ref('rfm_segments') }}
),

final as (
    select
        snapshots.customer_key,
        'rfm' as scheme,
        rfm_segments.segment,
        snapshots.recency_score,
        snapshots.frequency_score,
        snapshots.monetary_score,
        snapshots.recency_days,
        snapshots.purchases_count,
        snapshots.net_spend_amount_reporting,
        snapshots.snapshot_date
    from snapshots
    left join rfm_segments
        on
            snapshots.recency_score = rfm_segments.recency_score
            and snapshots.frequency_score = rfm_segments.frequency_score
            and snapshots.monetary_score = rfm_segments.monetary_score
    {%- for scheme, column in [
        ('lifecycle', 'lifecycle'), ('value_band', 'value_band'), ('discount', 'discount_segment')
    ] %}
    union all
    select
        snapshots.customer_key,
        '{{ scheme }}' as scheme,
        snapshots.{{ column }} as segment,
        snapshots.recency_score,
        snapshots.frequency_score,
        snapshots.monetary_score,
        snapshots.recency_days,
        snapshots.purchases_count,
        snapshots.net_spend_amount_reporting,
        snapshots.snapshot_date
    from snapshots
    {%- endfor %}
)

select * from final
