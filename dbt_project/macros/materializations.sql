{#
  Materializations for DuckDB that replace those of dbt-duckdb. DuckDB replaces a table or view inside a transaction, so no
  intermediate and no backup relation is created, renamed and dropped. Hooks run in the transaction of the model. A model that
  becomes a view, or no view any more, changes the definitions, so it is built from empty files.
#}

{% materialization table, adapter='duckdb' -%}
    {{- return(replace_relation('table')) -}}
{%- endmaterialization %}

{% materialization view, adapter='duckdb' -%}
    {{- return(replace_relation('view')) -}}
{%- endmaterialization %}

{# Create the model as a table or a view in the place of the one that is there. #}
{% macro replace_relation(kind) -%}
    {%- set target = this.incorporate(type=kind) -%}
    {{- run_hooks(pre_hooks) -}}
    {%- call statement('main') -%}
        create or replace {{ kind }} {{ target }} as (
        {{ compiled_code }}
        )
    {%- endcall -%}
    {{- run_hooks(post_hooks) -}}
    {%- do adapter.commit() -%}
    {{- return({'relations': [target]}) -}}
{%- endmacro %}

{#
  The first build creates the table. Later builds compute the touched rows into a temporary table and replace them by the
  strategy of the model. Columns that changed since the first build are an error.
#}
{% materialization incremental, adapter='duckdb' -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set adds = is_incremental() -%}
    {{- run_hooks(pre_hooks) -}}
    {%- if adds -%}
        {%- set touched = make_temp_relation(target).include(database=false, schema=false) -%}
        {%- call statement('touched') -%}
            create or replace temporary table {{ touched }} as (
            {{ compiled_code }}
            )
        {%- endcall -%}
        {%- set columns = columns_of(target) -%}
        {%- if columns_of(touched) | map(attribute='name') | list != columns | map(attribute='name') | list -%}
            {%- do exceptions.raise_compiler_error(
                'The columns of ' ~ target ~ ' are not those of its model. Build from empty files.'
            ) -%}
        {%- endif -%}
        {%- set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}
        {%- set statements = strategy({
            'target_relation': target,
            'temp_relation': touched,
            'unique_key': config.get('unique_key'),
            'dest_columns': columns,
            'incremental_predicates': none,
        }) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {%- if adds -%}
            {{ statements }}
        {%- else -%}
            create or replace table {{ target }} as (
            {{ compiled_code }}
            )
        {%- endif -%}
    {%- endcall -%}
    {{- run_hooks(post_hooks) -}}
    {%- do adapter.commit() -%}
    {{- return({'relations': [target]}) -}}
{%- endmaterialization %}

{# Columns of a relation, with their names. #}
{% macro columns_of(relation) -%}
    {{- return(run_query('select * from ' ~ relation ~ ' limit 0').columns) -}}
{%- endmacro %}
