{#-
  Numbers of orders and refunds by whole hours. The bucket 24 holds durations of at least 24 and less than 25 hours. Buckets of
  days add up, so a percentile of any period comes from their sum: it is interpolated between the buckets of the two nearest ranks.
-#}
with orders as (
    select * from {{ ref('int_order_states') }}
),

parcels as (
    select * from {{ ref('int_kpi_parcels') }}
),

refunds as (
    select * from {{ ref('int_kpi_refunds') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

durations as (
    select
        {{ business_date('orders.delivered_at') }} as business_date,
        'order_cycle_hours' as kpi,
        coalesce(orders.channel, 'unknown') as channel,
        coalesce(orders.ship_country, 'unknown') as country,
        orders.source,
        coalesce(parcels.warehouse, 'not_shipped') as warehouse,
        coalesce(parcels.carrier, 'not_shipped') as carrier,
        orders.hours_to_deliver as duration_hours
    from orders
    cross join as_of
    left join parcels on orders.order_id = parcels.order_id
    where
        orders.order_status <> 'cancelled'
        and orders.is_delivery_tracked
        and orders.to_fulfil_quantity > 0
        and orders.hours_to_deliver is not null
        and orders.delivered_at <= as_of.as_of
    union all
    select
        refunds.business_date,
        'refund_cycle_hours' as kpi,
        refunds.channel,
        refunds.country,
        refunds.source,
        cast(null as {{ dbt.type_string() }}) as warehouse,
        cast(null as {{ dbt.type_string() }}) as carrier,
        refunds.refund_hours as duration_hours
    from refunds
),

dimensions as (
    {%- for dimension in ['all', 'channel', 'country', 'source', 'warehouse', 'carrier'] %}
    {%- set value = "'all'" if dimension == 'all' else 'durations.' ~ dimension %}
    select
        durations.business_date,
        durations.kpi,
        '{{ dimension }}' as dimension,
        {{ value }} as dimension_value,
        floor(durations.duration_hours) as bucket_hours,
        count(*) as durations_count
    from durations
    {%- if dimension != 'all' %}
    where {{ value }} is not null
    {%- endif %}
    group by
        durations.business_date,
        durations.kpi,{{ '' if dimension == 'all' else '\n        ' ~ value ~ ',' }}
        floor(durations.duration_hours)
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        dimensions.kpi,
        dimensions.dimension,
        cast(dimensions.dimension_value as {{ dbt.type_string() }}) as dimension_value,
        cast(dimensions.bucket_hours as {{ dbt.type_bigint() }}) as bucket_hours,
        cast(dimensions.durations_count as {{ dbt.type_bigint() }}) as durations_count,
        cast(dimensions.business_date as date) as business_date
    from dimensions
)

select * from final
