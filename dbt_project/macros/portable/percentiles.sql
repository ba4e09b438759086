{#
  Percentile of values that are whole numbers of parts of a unit, such as seconds of an hour. Between two values the engines
  interpolate in another order of operations, so the last digit of a double would differ; thousandths of a part do not.
#}
{% macro percentile_of_parts(share, value, parts) -%}
    round(percentile_cont({{ share }}) within group (order by round({{ value }} * {{ parts }})), 3) / {{ parts }}
{%- endmacro %}
