{#- Percentiles do not add up, so they are computed for every dimension. -#}
with orders as (
    select
        business_date,
        channel,
        country,
        source,
        'all' as everything,
        hours_to_deliver
    from (
        select
            {{ business_date('order_states.delivered_at') }} as business_date,
            coalesce(order_states.channel, 'unknown') as channel,
            coalesce(order_states.ship_country, 'unknown') as country,
            order_states.source,
            order_states.hours_to_deliver
        from {{ ref('int_order_states') }} as order_states
        cross join {{ ref('as_of') }} as as_of
        where
            order_states.order_status <> 'cancelled'
            and order_states.is_delivery_tracked
            and order_states.to_fulfil_quantity > 0
            and order_states.hours_to_deliver is not null
            and order_states.delivered_at <= as_of.as_of
    ) as delivered
),

percentiles as (
    {%- for dimension, column in [
        ('all', 'everything'), ('channel', 'channel'), ('country', 'country'), ('source', 'source')
    ] %}
    select
        orders.business_date,
        '{{ dimension }}' as dimension,
        orders.{{ column }} as dimension_value,
        percentile_cont(0.5) within group (order by orders.hours_to_deliver) as median_hours,
        percentile_cont(0.9) within group (order by orders.hours_to_deliver) as p90_hours
    from orders
    group by orders.business_date, orders.{{ column }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    {%- for kpi, column in [('order_cycle_hours_median', 'median_hours'), ('order_cycle_hours_p90', 'p90_hours')] %}
    select
        percentiles.business_date,
        '{{ kpi }}' as kpi,
        percentiles.dimension,
        percentiles.dimension_value,
        cast(percentiles.{{ column }} as decimal(38, 4)) as numerator,
        cast(1 as decimal(38, 4)) as denominator
    from percentiles
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select * from final
