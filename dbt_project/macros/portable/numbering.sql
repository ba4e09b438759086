{# Part of a text before the digits at its end. #}
{% macro without_last_digits(expression) -%}
    {{ without_last(expression, '0123456789') }}
{%- endmacro %}

{# Text without those characters at its end. #}
{% macro without_last(expression, characters) -%}
    {{ return(adapter.dispatch('without_last', 'orderhouse')(expression, characters)) }}
{%- endmacro %}

{% macro duckdb__without_last(expression, characters) -%}
    rtrim({{ expression }}, '{{ characters }}')
{%- endmacro %}

{% macro default__without_last(expression, characters) -%}
    rtrim('{{ characters }}', {{ expression }})
{%- endmacro %}
