{#
  Materializations for Spark. Every table is written as Parquet into the folder of its run, so that a run leaves the tables of
  the published run as they are. Views are stored too: a folder of Parquet files can be read without this catalog.
#}

{% materialization table, adapter='spark' -%}
    {{- return(write_parquet(compiled_code)) -}}
{%- endmaterialization %}

{% materialization view, adapter='spark' -%}
    {{- return(write_parquet(compiled_code)) -}}
{%- endmaterialization %}

{% materialization incremental, adapter='spark' -%}
    {{- return(write_parquet(compiled_code)) -}}
{%- endmaterialization %}

{# Rows of a seed are literals in one statement; the seeds are small. #}
{% materialization seed, adapter='spark' -%}
    {%- set rows = load_agate_table() -%}
    {%- set types = config.get('column_types', {}) -%}
    {%- set query -%}
        select
            {%- for column in rows.column_names %}
            cast({{ column }} as {{ types.get(column) or adapter.convert_type(rows, loop.index0) }}) as {{ column }}
            {{- ',' if not loop.last }}
            {%- endfor %}
        from values
            {%- for row in rows.rows %}
            ({% for value in row.values() %}{{ seed_literal(value) }}{{ ', ' if not loop.last }}{% endfor %})
            {{- ',' if not loop.last }}
            {%- endfor %}
        as seed ({{ rows.column_names | join(', ') }})
    {%- endset -%}
    {%- do store_result('agate_table', response='OK', agate_table=rows) -%}
    {{- return(write_parquet(query)) -}}
{%- endmaterialization %}

{# Value of a seed as a literal. #}
{% macro seed_literal(value) -%}
    {%- if value is none -%}
        cast(null as string)
    {%- else -%}
        '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}

{# Write the rows of a query as the table of this node, and enter it in the catalog. #}
{% macro write_parquet(query) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set schema = this.schema | replace(env_var('ORDERHOUSE_SCHEMA_PREFIX', ''), '', 1) -%}
    {%- call statement('drop') -%}
        drop table if exists {{ target }}
    {%- endcall -%}
    {%- call statement('main') -%}
        create table {{ target }} using parquet
        location '{{ var("run_folder") }}/{{ schema }}/{{ this.identifier }}'
        as
        {{ query }}
    {%- endcall -%}
    {{- return({'relations': [target]}) -}}
{%- endmacro %}
