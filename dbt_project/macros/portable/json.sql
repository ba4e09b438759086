{# Text value of a JSON object by its key. Null if the key is missing. #}
{% macro json_text(expression, key) -%}
    {{ return(adapter.dispatch('json_text', 'orderhouse')(expression, key)) }}
{%- endmacro %}

{% macro duckdb__json_text(expression, key) -%}
    json_extract_string({{ expression }}, '$.{{ key }}')
{%- endmacro %}

{% macro default__json_text(expression, key) -%}
    get_json_object({{ expression }}, '$.{{ key }}')
{%- endmacro %}
