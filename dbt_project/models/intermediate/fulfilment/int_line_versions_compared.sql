{# Versions of each order line, each compared with the one before it. #}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
{%- set same = ['order_id', 'line_id', 'sku', '_file_id', '_record', '_source', 'is_current', 'updated_at'] %}
{%- set compared = ['quantity', 'cancelled_quantity', 'gross_amount', 'discount_amount', 'tax_amount'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with versions as (
    select
        order_lines.*,
        cast(order_lines.quantity * order_lines.unit_price as {{ money_type() }}) as gross_amount
    from {{ ref('stg_order_lines') }} as order_lines
    where {{ is_touched('order_lines.order_id', touched) }}
),

-- Only lines with several rows per key have a content hash; all others have one version.
revised as (
    select
        versions.*,
        row_number() over (
            partition by versions.order_id, versions.line_id order by versions.updated_at, versions.content_hash
        ) as version_number,
        {% for column in compared -%}
        coalesce(lag(versions.{{ column }}) over (
            partition by versions.order_id, versions.line_id order by versions.updated_at, versions.content_hash
        ), 0) as was_{{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from versions
    where versions.content_hash is not null
),

final as (
    {% for relation in ['versions', 'revised'] -%}
    select
        {% for column in same + compared -%}
        {{ relation }}.{{ column }},
        {% endfor -%}
        {% if relation == 'versions' -%}
        1 as version_number,
        {% for column in compared -%}
        0 as was_{{ column }},
        {% endfor -%}
        'line_ordered' as event
        {%- else -%}
        revised.version_number,
        {% for column in compared -%}
        revised.was_{{ column }},
        {% endfor -%}
        case
            when revised.version_number = 1 then 'line_ordered'
            when revised.cancelled_quantity > revised.was_cancelled_quantity then 'line_cancelled'
            else 'line_changed'
        end as event
        {%- endif %}
    from {{ relation }}
    {%- if relation == 'versions' %}
    where versions.content_hash is null
    union all
    {% endif -%}
    {%- endfor %}
)

select * from final
