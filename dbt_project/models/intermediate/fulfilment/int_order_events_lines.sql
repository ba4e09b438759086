{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

order_lines as (
    select * from {{ ref('stg_order_lines') }}
),

-- Only lines with several rows per key have a content hash; all others have one version.
revised_lines as (
    select
        order_lines.*,
        row_number() over (
            partition by order_lines.order_id, order_lines.line_id order by order_lines.updated_at, order_lines.content_hash
        ) as version_number,
        lag(order_lines.cancelled_quantity) over (
            partition by order_lines.order_id, order_lines.line_id order by order_lines.updated_at, order_lines.content_hash
        ) as was_cancelled_quantity
    from order_lines
    where
        order_lines.content_hash is not null
        and {{ is_touched('order_lines.order_id', touched) }}
),

line_versions as (
    select
        order_lines.order_id, order_lines.line_id, order_lines.sku, order_lines.quantity, order_lines.cancelled_quantity,
        order_lines.unit_price, order_lines.updated_at,
        order_lines._file_id,
        order_lines._record,
        order_lines._source,
        'line_ordered' as event,
        1 as version_number
    from order_lines
    where
        order_lines.content_hash is null
        and {{ is_touched('order_lines.order_id', touched) }}
    union all
    select
        revised_lines.order_id, revised_lines.line_id, revised_lines.sku, revised_lines.quantity,
        revised_lines.cancelled_quantity, revised_lines.unit_price, revised_lines.updated_at,
        revised_lines._file_id,
        revised_lines._record,
        revised_lines._source,
        case
            when revised_lines.version_number = 1 then 'line_ordered'
            when revised_lines.cancelled_quantity > revised_lines.was_cancelled_quantity then 'line_cancelled'
            else 'line_changed'
        end as event,
        revised_lines.version_number
    from revised_lines
),

final as (
    select
        line_versions.order_id,
        line_versions.updated_at as occurred_at,
        200 + line_versions.version_number as event_rank,
        'order_lines' as feed,
        line_versions.event,
        line_versions.line_id as reference,
        line_versions.line_id,
        cast(null as {{ dbt.type_string() }}) as axis,
        cast(null as {{ dbt.type_string() }}) as from_status,
        cast(null as {{ dbt.type_string() }}) as to_status,
        case when line_versions.event = 'line_cancelled' then line_versions.cancelled_quantity else line_versions.quantity end
            as quantity,
        cast(line_versions.quantity * line_versions.unit_price as {{ money_type() }}) as amount,
        states.currency,
        line_versions.sku as detail,
        line_versions._source as actor,
        line_versions._file_id,
        line_versions._record,
        line_versions._source
    from line_versions
    inner join states on line_versions.order_id = states.order_id
)

select * from final
