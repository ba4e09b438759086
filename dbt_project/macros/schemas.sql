{# Schema names are exactly those configured: no prefix of the target. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}

{#
  A relation as published files know it: schema and table, never the catalog, which is named after the file.
  Use it in every view of the warehouse database.
#}
{% macro published_ref(model_name) -%}
    {{ ref(model_name).include(database=false) }}
{%- endmacro %}
