{# Base 64 of bytes given as hexadecimal digits. #}
{% macro base64_of_hex(expression) -%}
    {{ return(adapter.dispatch('base64_of_hex', 'orderhouse')(expression)) }}
{%- endmacro %}

{% macro duckdb__base64_of_hex(expression) -%}
    to_base64(unhex({{ expression }}))
{%- endmacro %}

{% macro default__base64_of_hex(expression) -%}
    base64(unhex({{ expression }}))
{%- endmacro %}
