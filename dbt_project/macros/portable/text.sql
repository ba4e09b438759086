{# The distinct words of a group in alphabetical order, joined by commas. #}
{% macro joined_words(column) -%}
    {{ return(adapter.dispatch('joined_words', 'orderhouse')(column)) }}
{%- endmacro %}

{% macro duckdb__joined_words(column) -%}
    string_agg(distinct {{ column }}, ',' order by {{ column }})
{%- endmacro %}

{% macro default__joined_words(column) -%}
    nullif(array_join(sort_array(collect_set({{ column }})), ','), '')
{%- endmacro %}
