{# Actions on orders as operators see them, without those on test orders. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with actions as (
    select * from {{ ref('int_actions_judged') }}
    where {{ is_touched('order_id', touched) }}
),

test_orders as (
    select orders.order_id
    from {{ ref('stg_orders') }} as orders
    where
        orders.is_test
        and orders.is_current
),

final as (
    select
        actions.action_id,
        actions.order_id,
        actions.kind,
        actions.kind_word,
        actions.actor,
        actions.role,
        actions.line_id,
        actions.warehouse_id,
        actions.payload_token,
        actions.reason_token,
        actions.rejection,
        actions._source as source,
        actions.quantity,
        actions.is_accepted,
        actions.promise_is_date_only,
        actions.tells_customer,
        actions.occurred_at,
        actions.promised_at,
        actions._file_id,
        actions._record,
        {{ this_batch() }} as _batch_id
    from actions
    where not exists (select 1 from test_orders where test_orders.order_id = actions.order_id)
)

select * from final
