{# Recognition clocks of a sale. #}
{% macro recognition_clocks() -%}
    {{ return(['placed', 'paid', 'shipped', 'delivered']) }}
{%- endmacro %}

{#
  Pre-hook of the revenue tables. It records the days of the rows that this run replaces, in the same transaction. A day
  that loses rows must be recomputed like a day that gains rows. Each day is kept once, with its latest batch.
#}
{% macro remember_replaced_days(columns) -%}
    {%- if not execute -%}{{ return('select 1') }}{%- endif -%}
    {%- set days = replaced_revenue_days() -%}
    {%- do run_query('create table if not exists ' ~ days ~ ' (business_date date not null, _batch_id bigint not null)') -%}
    {%- if load_relation(this) is none or should_full_refresh() -%}{{ return('select 1') }}{%- endif -%}
    {%- set replaced -%}
        {%- for column in columns %}
        select replaced.{{ column }} as business_date
        from {{ this }} as replaced
        where
            replaced.{{ column }} is not null
            and replaced.{{ config.require('unique_key') }}
            in ({{ touched_keys(config.require('unique_key'), config.require('touched')) }})
        {%- if not loop.last %}
        union
        {%- endif %}
        {%- endfor %}
    {%- endset -%}
    delete from {{ days }} where business_date in ({{ replaced }});
    insert into {{ days }} select distinct days.business_date, {{ this_batch() }} from ({{ replaced }}) as days
{%- endmacro %}

{#
  Table that remember_replaced_days writes. It is in the database of the revenue tables, because no transaction spans two
  databases.
#}
{% macro replaced_revenue_days() -%}
    {{ return(target.database ~ '.intermediate.revenue_days_replaced') }}
{%- endmacro %}

{# Columns of one revenue table in the shape of int_revenue_events. Columns that the table does not have are zero or null. #}
{% macro revenue_event_columns(table) -%}
    {%- set own = {
        'revenue_sales': [
            'order_id', 'line_id', 'shipment_id', 'event_kind', 'sku', 'channel', 'country', 'currency', 'orders_count',
            'units_quantity', 'gross_sales_amount', 'discounts_amount', 'tax_amount', 'shipping_amount'
        ],
        'revenue_returns': [
            'order_id', 'line_id', 'return_id', 'payment_id', 'event_kind', 'sku', 'channel', 'country', 'currency',
            'returned_quantity', 'returns_amount', 'tax_amount'
        ],
        'revenue_cash': [
            'order_id', 'payment_id', 'event_kind', 'sku', 'channel', 'country', 'currency', 'refunds_amount', 'fees_amount'
        ]
    }[table] -%}
    {%- for column in [
        'order_id', 'line_id', 'shipment_id', 'return_id', 'payment_id', 'event_kind', 'sku', 'channel', 'country', 'currency',
        'orders_count', 'units_quantity', 'returned_quantity', 'gross_sales_amount', 'discounts_amount', 'returns_amount',
        'tax_amount', 'shipping_amount', 'refunds_amount', 'fees_amount'
    ] %}
        {% if column in own -%}
        {{ table }}.{{ column }}
        {%- elif column.endswith('_amount') -%}
        cast(0 as {{ money_type() }}) as {{ column }}
        {%- elif column.endswith('_quantity') or column.endswith('_count') -%}
        cast(0 as {{ dbt.type_bigint() }}) as {{ column }}
        {%- else -%}
        cast(null as {{ dbt.type_string() }}) as {{ column }}
        {%- endif -%},
    {%- endfor -%}
{%- endmacro %}
