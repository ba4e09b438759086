{# Part of a text before the digits at its end. #}
{% macro without_last_digits(expression) -%}
    {{ return(adapter.dispatch('without_last_digits', 'orderhouse')(expression)) }}
{%- endmacro %}

{% macro duckdb__without_last_digits(expression) -%}
    rtrim({{ expression }}, '0123456789')
{%- endmacro %}

{% macro default__without_last_digits(expression) -%}
    rtrim('0123456789', {{ expression }})
{%- endmacro %}
