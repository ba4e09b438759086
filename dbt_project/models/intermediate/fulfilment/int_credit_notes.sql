{# Credit notes that name no order. They count on their own day and change no order. #}
{%- set touched = ['int_return_lines'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='return_id', touched=touched) }}
-- depends_on: {{ ref('int_return_lines') }}

with return_lines as (
    select * from {{ ref('int_return_lines') }}
    where {{ is_touched('return_id', touched) }}
),

final as (
    select
        return_lines.return_id,
        return_lines.line_id,
        return_lines.customer_id,
        return_lines.sku,
        return_lines.warehouse_id,
        return_lines.reason_token,
        return_lines.status as return_status,
        return_lines.channel,
        return_lines.country,
        return_lines.currency,
        return_lines._source as source,
        {% for word in ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped', 'returned'] -%}
        return_lines.{{ word }}_quantity,
        {% endfor -%}
        return_lines.credit_amount,
        {% for word in ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped', 'cancelled'] -%}
        return_lines.{{ word }}_at,
        {% endfor -%}
        return_lines.opened_at,
        return_lines.last_event_at,
        return_lines._file_id,
        return_lines._record,
        {{ this_batch() }} as _batch_id
    from return_lines
    where return_lines.is_credit_note
)

select * from final
