{# Schema names are the configured names, without a prefix of the target. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{#
  Relation by schema and table, without the catalog. The catalog of a published file has the file's name, so every view of
  the warehouse database uses this macro.
#}
{% macro published_ref(model_name) -%}
    {{ ref(model_name).include(database=false) }}
{%- endmacro %}
