{# The clock of a build. Every model that depends on the present reads it from here. #}
{%- set instants = {
    'orders': 'placed_at',
    'payments': 'occurred_at',
    'shipments': 'shipped_at',
    'tracking': 'occurred_at',
    'returns': 'occurred_at',
    'stock': 'occurred_at',
} %}
with orders as (
    select * from {{ ref('stg_orders') }}
),

payments as (
    select * from {{ ref('stg_payments') }}
),

shipments as (
    select * from {{ ref('stg_shipments') }}
),

tracking as (
    select * from {{ ref('stg_tracking') }}
),

returns as (
    select * from {{ ref('stg_returns') }}
),

stock as (
    select * from {{ ref('stg_stock') }}
),

wall_clock as (
    select cast('{{ var("wall_clock") }}' as {{ dbt.type_timestamp() }}) as instant
),

-- The newest instant of each feed that is not after the wall clock.
newest_instants as (
    {%- for feed, column in instants.items() %}
    select max({{ feed }}.{{ column }}) as instant
    from {{ feed }}
    where {{ feed }}.{{ column }} <= (select wall_clock.instant from wall_clock)
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
