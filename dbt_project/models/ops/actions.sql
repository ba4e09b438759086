with of_orders as (
    select * from {{ published_ref('int_actions_shown') }}
),

of_periods as (
    select * from {{ published_ref('int_actions_of_periods') }}
),

final as (
    {% for source in ['of_orders', 'of_periods'] -%}
    select
        {{ source }}.action_id,
        {{ 'of_orders.order_id' if source == 'of_orders' else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as order_id,
        {{ "'order'" if source == 'of_orders' else 'of_periods.subject_kind' }} as subject_kind,
        {{ 'of_orders.order_id' if source == 'of_orders' else 'of_periods.subject_id' }} as subject_id,
        {{ source }}.kind,
        {{ source }}.kind_word,
        {{ source }}.actor,
        {{ source }}.role,
        {{ 'of_orders.line_id' if source == 'of_orders' else 'null' }} as line_id,
        {{ 'of_orders.warehouse_id' if source == 'of_orders' else 'null' }} as warehouse_id,
        {{ source }}.rejection,
        {{ source }}.source,
        {{ 'of_orders.quantity' if source == 'of_orders' else 'null' }} as quantity,
        {{ source }}.is_accepted,
        {{ source }}.occurred_at,
        {{ 'of_orders.promised_at' if source == 'of_orders' else 'null' }} as promised_at,
        {{ source }}._file_id,
        {{ source }}._record,
        {{ source }}._batch_id
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from final
