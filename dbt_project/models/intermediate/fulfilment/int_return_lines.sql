{# The key is the return and not the order. Some events of a return may name no order, and a credit note names none. #}
{%- set touched = ['stg_returns'] -%}
{%- set words = ['requested', 'approved', 'declined', 'received', 'restocked', 'scrapped', 'cancelled'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='return_id', touched=touched) }}
-- depends_on: {{ ref('stg_returns') }}

with returns as (
    select * from {{ ref('stg_returns') }}
),

events as (
    select
        returns.*,
        row_number() over (
            partition by returns.return_id, returns.line_id
            order by
                -- An unknown word does not change the status of the return.
                case when returns.status = 'unknown' then 1 else 0 end,
                returns.occurred_at desc,
                case returns.status
                    {%- for word in words %}
                    when '{{ word }}' then {{ loop.index }}
                    {%- endfor %}
                    else 0
                end desc,
                returns.status_word desc nulls last
        ) as newest_first
    from returns
    where
        returns.is_current
        and {{ is_touched('returns.return_id', touched) }}
),

grouped as (
    select
        events.return_id,
        events.line_id,
        max(events.order_id) as order_id,
        max(events.sku) as sku,
        max(events.warehouse_id) as warehouse_id,
        max(events.reason_token) as reason_token,
        max(events.customer_id) as customer_id,
        max(events.channel) as channel,
        max(events.country) as country,
        max(events.currency) as currency,
        max(events.status) filter (where events.newest_first = 1) as status,
        max(events._file_id) filter (where events.newest_first = 1) as _file_id,
        max(events._record) filter (where events.newest_first = 1) as _record,
        max(events._source) filter (where events.newest_first = 1) as _source,
        {% for word in words -%}
        coalesce(sum(events.quantity) filter (where events.status = '{{ word }}'), 0) as {{ word }}_quantity,
        min(events.occurred_at) filter (where events.status = '{{ word }}') as {{ word }}_at,
        {% endfor -%}
        -- Receiving and restocking the same goods is one credit.
        greatest(
            sum(events.credit_amount) filter (where events.status = 'received'),
            sum(events.credit_amount) filter (where events.status in ('restocked', 'scrapped')),
            max(events.credit_amount)
        ) as credit_amount,
        min(events.occurred_at) as opened_at,
        max(events.occurred_at) as last_event_at
    from events
    group by
        events.return_id,
        events.line_id
),

final as (
    select
        grouped.return_id,
        grouped.line_id,
        grouped.order_id,
        grouped.sku,
        grouped.warehouse_id,
        grouped.reason_token,
        grouped.customer_id,
        grouped.channel,
        grouped.country,
        grouped.currency,
        grouped.status,
        {% for word in words -%}
        cast(grouped.{{ word }}_quantity as {{ dbt.type_bigint() }}) as {{ word }}_quantity,
        {% endfor -%}
        cast(
            greatest(grouped.received_quantity, grouped.restocked_quantity + grouped.scrapped_quantity)
            as {{ dbt.type_bigint() }}
        ) as returned_quantity,
        cast(grouped.credit_amount as {{ money_type() }}) as credit_amount,
        grouped.order_id is null as is_credit_note,
        {% for word in words -%}
        grouped.{{ word }}_at,
        {% endfor -%}
        grouped.opened_at,
        grouped.last_event_at,
        grouped._file_id,
        grouped._record,
        grouped._source,
        {{ this_batch() }} as _batch_id
    from grouped
)

select * from final
