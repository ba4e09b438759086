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

{#
  A figure of the lane; that of its warehouse if the lane has too few parcels that are counted by `counted`, and that of all parcels
  if the warehouse has too few. Names the CTEs `lanes`, `warehouses` and `network`.
#}
{% macro of_lane(figure, counted) -%}
    case
        when lanes.{{ counted }} >= {{ var('lane_parcels') }} then lanes.{{ figure }}
        when warehouses.{{ counted }} >= {{ var('lane_parcels') }} then warehouses.{{ figure }}
        else network.{{ figure }}
    end
{%- endmacro %}
