{#
  Incremental models recompute the touched keys and nothing else. A model lists the models whose `_batch_id` shows what
  was touched (`touched`) and the column that they share with it (`unique_key`). Each model has a watermark: the batch at
  which it was last computed. The watermark is written in the same transaction as the rows, so a model that a killed run
  did not reach catches up in the next run.
#}

{# Create the tables of watermarks. Each database holds those of its own models, because no transaction spans two files. #}
{% macro create_meta() -%}
    {{ return(adapter.dispatch('create_meta', 'orderhouse')()) }}
{%- endmacro %}

{# Spark computes every table anew in each run, so there is nothing to continue from. #}
{% macro spark__create_meta() -%}
    select 1
{%- endmacro %}

{% macro duckdb__create_meta() -%}
    {%- if execute -%}
        {%- for database in [target.database, 'work'] -%}
            {%- do run_query('create schema if not exists ' ~ database ~ '.meta') -%}
            {%- do run_query(
                'create table if not exists ' ~ database
                ~ '.meta.watermarks (model varchar primary key, batch_id bigint not null)'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    select 1
{%- endmacro %}

{# Batch of the rows that this run computes. #}
{% macro this_batch() -%}
    cast({{ var('batch_id') }} as bigint)
{%- endmacro %}

{# Post-hook: record that this model is computed up to this batch. #}
{% macro set_watermark() -%}
    {{ return(adapter.dispatch('set_watermark', 'orderhouse')()) }}
{%- endmacro %}

{% macro spark__set_watermark() -%}
{%- endmacro %}

{% macro duckdb__set_watermark() -%}
    {%- if model.config.materialized == 'incremental' -%}
        insert or replace into {{ this.database }}.meta.watermarks
        values ('{{ this.identifier }}', {{ this_batch() }})
    {%- endif -%}
{%- endmacro %}

{#
  Relation that the rows of this model are stored in. A step is an ephemeral model. Its config `step_of` names the stored
  model that reads it, and the step filters by the watermark of that model.
#}
{% macro stored_in() -%}
    {#- Unit tests have no relation of their own. -#}
    {%- if not execute or not this.identifier or not config.get('step_of') -%}{{ return(this) }}{%- endif -%}
    {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ config.get('step_of')] -%}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) }}
{%- endmacro %}

{# True if the model, or the model that a step is part of, adds to an existing table. #}
{% macro is_increment() -%}
    {%- if not execute or not this.identifier or not config.get('step_of') -%}{{ return(is_incremental()) }}{%- endif -%}
    {%- set stored = load_cached_relation(stored_in()) -%}
    {{ return(stored is not none and stored.type == 'table' and not should_full_refresh()) }}
{%- endmacro %}

{#
  The batch up to which this model has seen everything; -1 before its first build. A model asks for it once. While the
  statements of an increment are recorded, it is a mark, in the place of which the value is put when a statement runs.
#}
{% macro watermark() -%}
    {{ return(adapter.dispatch('watermark', 'orderhouse')()) }}
{%- endmacro %}

{% macro spark__watermark() -%}
    {{ return(-1) }}
{%- endmacro %}

{% macro duckdb__watermark() -%}
    {%- set stored = stored_in() -%}
    {%- if not execute or not stored.identifier -%}{{ return(-1) }}{%- endif -%}
    {%- if var('mark_watermarks') -%}
        {{ return('watermark_of_' ~ stored.database ~ '__' ~ stored.identifier) }}
    {%- endif -%}
    {%- if 'watermark' not in model -%}
        {%- set found = run_query(
            "select coalesce(max(batch_id), -1) from " ~ stored.database ~ ".meta.watermarks where model = '"
            ~ stored.identifier ~ "'"
        ) -%}
        {%- do model.update({'watermark': found.columns[0].values()[0]}) -%}
    {%- endif -%}
    {{ return(model['watermark']) }}
{%- endmacro %}

{# Keys touched in the given models since this model's watermark. #}
{% macro touched_keys(key, models) -%}
    {%- set since = watermark() -%}
    {%- for name in models %}
    select touched.{{ key }} from {{ ref(name) }} as touched where touched._batch_id > {{ since }}
    {%- if not loop.last %} union {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{# Filter on `column`: everything on a full build, else the touched keys. While dbt parses, the keys declare what is read. #}
{% macro is_touched(column, models, key=none) -%}
    {%- if is_increment() or not execute -%}
        {{ column }} in ({{ touched_keys(key or column.split('.') | last, models) }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Replace the rows of the touched keys. Rows that the model no longer produces are deleted. #}
{% macro get_incremental_replace_touched_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) %}
    delete from {{ target }}
    where {{ key }} in ({{ touched_keys(key, config.require('touched')) }});

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{# The same for a staging model. Its touched keys are those of the newly received raw rows. #}
{% macro get_incremental_replace_arrived_sql(arg_dict) -%}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set key = arg_dict['unique_key'] -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) %}
    delete from {{ target }}
    where {{ key }} in (select distinct replaced.{{ key }} from {{ arg_dict['temp_relation'] }} as replaced);

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{#
  Filter of a test on `column`. After a full build, or if everything is asked for, the test covers every row. Else it covers the
  keys of which one of the models holds rows that were computed after the last batch whose tables passed an audit.
#}
{% macro is_to_be_audited(column, models) -%}
    {%- set since = var('audited_batch_id') | int -%}
    {%- if since >= 0 or not execute -%}
        {{ column }} in (
            {%- for name in models %}
            select computed.{{ column.split('.') | last }} from {{ ref(name) }} as computed where computed._batch_id > {{ since }}
            {%- if not loop.last %} union {% endif -%}
            {%- endfor %}
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
