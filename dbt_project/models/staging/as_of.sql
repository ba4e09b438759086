{# The one clock of a build: everything that depends on the present reads it from here. #}
{%- set instants = {
    'stg_orders': 'placed_at',
    'stg_payments': 'occurred_at',
    'stg_shipments': 'shipped_at',
    'stg_tracking': 'occurred_at',
    'stg_returns': 'occurred_at',
    'stg_stock': 'occurred_at',
} %}
with wall_clock as (
    select cast('{{ var("wall_clock") }}' as {{ dbt.type_timestamp() }}) as instant
),

-- The newest instant of each feed that is not after the wall clock.
newest_instants as (
    {%- for model, column in instants.items() %}
    select max({{ model }}.{{ column }}) as instant
    from {{ ref(model) }} as {{ model }}
    where {{ model }}.{{ column }} <= (select wall_clock.instant from wall_clock)
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

clock as (
    select
        {% if var('as_of') == 'data' -%}
        coalesce(max(newest_instants.instant), (select wall_clock.instant from wall_clock)) as as_of
        {%- else -%}
        max(cast('{{ var("as_of") }}' as {{ dbt.type_timestamp() }})) as as_of
        {%- endif %}
    from newest_instants
),

final as (
    select
        '{{ var("business_time_zone") }}' as business_time_zone,
        '{{ var("reporting_currency") }}' as reporting_currency,
        {{ business_date('clock.as_of') }} as business_date,
        clock.as_of,
        {{ this_batch() }} as batch_id
    from clock
)

select * from final
