{#
  Turn wide sums per day and dimensions into one row per KPI. `kpis` holds triples: the KPI, its numerator and its
  denominator (none if the KPI is a sum). A dimension that the relation does not have is null.
#}
{% macro kpi_rows(relation, kpis, dimensions=['channel', 'country', 'source']) -%}
    {%- for kpi, numerator, denominator in kpis %}
    select
        {{ relation }}.business_date,
        '{{ kpi }}' as kpi,
        {% for dimension in ['channel', 'country', 'source', 'category', 'warehouse', 'carrier'] -%}
        {% if dimension in dimensions -%}
        {{ relation }}.{{ dimension }},
        {% else -%}
        cast(null as {{ dbt.type_string() }}) as {{ dimension }},
        {% endif -%}
        {% endfor -%}
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

{# Number of rows that meet a condition. #}
{% macro count_if(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}

{# Sum that is null if any of its parts is null. An amount without a rate makes the whole sum unknown. #}
{% macro whole_sum(expression) -%}
    case when count(*) = count({{ expression }}) then sum({{ expression }}) end
{%- endmacro %}
