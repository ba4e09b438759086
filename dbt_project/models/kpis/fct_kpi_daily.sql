{%- set kpi_models = [
    'int_kpi_orders', 'int_kpi_lines', 'int_kpi_sales', 'int_kpi_payments', 'int_kpi_stock', 'int_kpi_customers',
    'int_kpi_voices'
] -%}
with parts as (
    {%- for model in kpi_models %}
    select * from {{ ref(model) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

percentiles as (
    select * from {{ ref('int_kpi_percentiles') }}
),

dimensions as (
    {%- for dimension in ['all', 'channel', 'country', 'source'] %}
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
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
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

final as (
    select
        dimensions.kpi,
        dimensions.dimension,
        cast(dimensions.dimension_value as {{ dbt.type_string() }}) as dimension_value,
        cast(dimensions.numerator as decimal(38, 4)) as numerator,
        cast(dimensions.denominator as decimal(38, 4)) as denominator,
        cast(dimensions.business_date as date) as business_date
    from dimensions
    where dimensions.business_date is not null
)

select * from final
