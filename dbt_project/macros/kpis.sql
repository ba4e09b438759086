{#
  Turns wide sums per day, channel, country and source into rows per KPI. `kpis` holds triples: the KPI, its numerator and its
  denominator (none where the KPI is a sum and not a ratio).
#}
{% macro kpi_rows(relation, kpis) -%}
    {%- for kpi, numerator, denominator in kpis %}
    select
        {{ relation }}.business_date,
        '{{ kpi }}' as kpi,
        {{ relation }}.channel,
        {{ relation }}.country,
        {{ relation }}.source,
        cast({{ relation }}.{{ numerator }} as decimal(38, 4)) as numerator,
        cast({{ relation ~ '.' ~ denominator if denominator else 'null' }} as decimal(38, 4)) as denominator
    from {{ relation }}
    {%- if denominator %}
    where coalesce({{ relation }}.{{ numerator }}, 1) <> 0 or coalesce({{ relation }}.{{ denominator }}, 1) <> 0
    {%- endif %}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# How many rows meet a condition. #}
{% macro count_if(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}

{# A sum that is null where any of its parts is: an amount without a rate makes the whole unknown, never smaller. #}
{% macro whole_sum(expression) -%}
    case when count(*) = count({{ expression }}) then sum({{ expression }}) end
{%- endmacro %}
