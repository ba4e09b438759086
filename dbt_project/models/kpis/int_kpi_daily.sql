with kpis_of_orders as (
    select * from {{ ref('int_kpi_orders') }}
),

kpis_of_lines as (
    select * from {{ ref('int_kpi_lines') }}
),

kpis_of_sales as (
    select * from {{ ref('int_kpi_sales') }}
),

kpis_of_payments as (
    select * from {{ ref('int_kpi_payments') }}
),

kpis_of_receivables as (
    select * from {{ ref('int_kpi_receivables') }}
),

kpis_of_stock as (
    select * from {{ ref('int_kpi_stock') }}
),

kpis_of_customers as (
    select * from {{ ref('int_kpi_customers') }}
),

kpis_of_voices as (
    select * from {{ ref('int_kpi_voices') }}
),

warehouses as (
    select * from {{ ref('int_kpi_warehouses') }}
),

percentiles as (
    select * from {{ ref('int_kpi_percentiles') }}
),

parts as (
    select * from kpis_of_orders
    union all
    select * from kpis_of_lines
    union all
    select * from kpis_of_sales
    union all
    select * from kpis_of_payments
    union all
    select * from kpis_of_receivables
    union all
    select * from kpis_of_stock
    union all
    select * from kpis_of_customers
    union all
    select * from kpis_of_voices
),

dimensions as (
    {%- for dimension in ['all', 'channel', 'country', 'source', 'category', 'warehouse', 'carrier'] %}
    {%- set value = "'all'" if dimension == 'all' else 'parts.' ~ dimension %}
    select
        parts.business_date,
        parts.kpi,
        '{{ dimension }}' as dimension,
        {{ value }} as dimension_value,
        {{ whole_sum('parts.numerator') }} as numerator,
        {{ whole_sum('parts.denominator') }} as denominator
    from parts
    {%- if dimension != 'all' %}
    where {{ value }} is not null
    {%- endif %}
    group by parts.business_date, parts.kpi{{ '' if dimension == 'all' else ', ' ~ value }}
    union all
    {%- endfor %}
    select
        warehouses.business_date,
        warehouses.kpi,
        warehouses.dimension,
        warehouses.dimension_value,
        warehouses.numerator,
        warehouses.denominator
    from warehouses
    union all
    select
        percentiles.business_date,
        percentiles.kpi,
        percentiles.dimension,
        percentiles.dimension_value,
        percentiles.numerator,
        percentiles.denominator
    from percentiles
),

-- A day on which nothing counts has no row.
final as (
    select
        dimensions.kpi,
        dimensions.dimension,
        cast(dimensions.dimension_value as {{ dbt.type_string() }}) as dimension_value,
        cast(dimensions.numerator as decimal(38, 4)) as numerator,
        cast(dimensions.denominator as decimal(38, 4)) as denominator,
        cast(dimensions.business_date as date) as business_date
    from dimensions
    where
        dimensions.business_date is not null
        and (coalesce(dimensions.numerator, 1) <> 0 or coalesce(dimensions.denominator, 0) <> 0)
)

select * from final
