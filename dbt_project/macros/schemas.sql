{# Schema names are the configured names. On Spark they have a prefix, since a catalog may hold schemas of others. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('ORDERHOUSE_SCHEMA_PREFIX', '') }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{#
  Relation by schema and table, without the catalog. The catalog of a published file has the file's name, so every view of
  the warehouse database uses this macro.
#}
{% macro published_ref(model_name) -%}
    {{ ref(model_name).include(database=false) }}
{%- endmacro %}
