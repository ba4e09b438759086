with of_orders as (
    select * from {{ published_ref('int_actions_shown') }}
),

of_periods as (
    select * from {{ published_ref('int_actions_of_periods') }}
),

of_exceptions as (
    select
        actions.*,
        exceptions.order_id
    from {{ published_ref('int_actions_of_exceptions') }} as actions
    left join {{ published_ref('int_exceptions') }} as exceptions on actions.subject_id = exceptions.exception_id
),

sent_back as (
    select * from {{ published_ref('int_actions_sent_back') }}
),

{%- set nothing = {
    'of_orders': ['assignee', 'snoozed_until'],
    'of_periods': ['order_id', 'line_id', 'warehouse_id', 'payload_token', 'reason_token', 'assignee', 'quantity', 'promise_is_date_only', 'tells_customer', 'snoozed_until', 'promised_at'],
    'of_exceptions': ['line_id', 'warehouse_id', 'payload_token', 'quantity', 'promise_is_date_only', 'tells_customer', 'promised_at'],
} %}

joined as (
    {% for source, missing in nothing.items() -%}
    select
        {{ source }}.action_id,
        cast({{ 'null' if 'order_id' in missing else source ~ '.order_id' }} as {{ dbt.type_string() }}) as order_id,
        {{ "'order'" if source == 'of_orders' else source ~ '.subject_kind' }} as subject_kind,
        {{ source }}.{{ 'order_id' if source == 'of_orders' else 'subject_id' }} as subject_id,
        {{ source }}.kind,
        {{ source }}.kind_word,
        {{ source }}.actor,
        {{ source }}.role,
        {% for column in ['line_id', 'warehouse_id', 'assignee', 'payload_token', 'reason_token'] -%}
        cast({{ 'null' if column in missing else source ~ '.' ~ column }} as {{ dbt.type_string() }}) as {{ column }},
        {% endfor -%}
        {{ source }}.rejection,
        {{ source }}.source,
        cast({{ 'null' if 'quantity' in missing else source ~ '.quantity' }} as {{ dbt.type_bigint() }}) as quantity,
        {{ source }}.is_accepted,
        cast({{ 'null' if 'promise_is_date_only' in missing else source ~ '.promise_is_date_only' }} as {{ dbt.type_boolean() }})
            as promise_is_date_only,
        cast({{ 'null' if 'tells_customer' in missing else source ~ '.tells_customer' }} as {{ dbt.type_boolean() }})
            as tells_customer,
        cast({{ 'null' if 'snoozed_until' in missing else source ~ '.snoozed_until' }} as date) as snoozed_until,
        {{ source }}.occurred_at,
        cast({{ 'null' if 'promised_at' in missing else source ~ '.promised_at' }} as {{ dbt.type_timestamp() }}) as promised_at,
        {{ source }}._file_id,
        {{ source }}._record,
        {{ source }}._batch_id
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        joined.*,
        sent_back.order_source,
        coalesce(sent_back.is_sent_back, false) as is_sent_back,
        coalesce(sent_back.is_confirmable, false) as is_confirmable,
        sent_back.confirmed_at
    from joined
    left join sent_back on joined.action_id = sent_back.action_id
)

select * from final
