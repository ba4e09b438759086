{# Time and cost of parcels, by the columns of `keys`. #}
{% macro lane_figures(parcels, keys) -%}
    select
        {% for key in keys %}{{ parcels }}.{{ key }}, {% endfor %}
        count(*) as parcels_count,
        count({{ parcels }}.hours_to_first_attempt) as timed_count,
        count({{ parcels }}.cost_amount_reporting) as costed_count,
        {{ percentile_of_parts(0.9, parcels ~ '.hours_to_first_attempt', 3600) }} as hours_p90,
        {{ ratio('sum(' ~ parcels ~ '.cost_amount_reporting)', 'count(' ~ parcels ~ '.cost_amount_reporting)') }} as cost_amount
    from {{ parcels }}
    {% if keys -%}
    group by {% for key in keys %}{{ parcels }}.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
    {%- endif %}
{%- endmacro %}
