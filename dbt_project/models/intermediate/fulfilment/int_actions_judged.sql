{#
  Actions of operators on orders, with the decision whether each was possible at that moment, by the seed action_rules. Only
  accepted actions change an order.
#}
{%- set touched = ['int_touched_orders'] -%}
{%- set own_axes = ['subject', 'order', 'role', 'shipment', 'line_named', 'line', 'warehouse', 'promise'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with rules as (
    select * from {{ ref('action_rules') }}
),

contexts as (
    select * from {{ ref('int_action_contexts') }}
),

refusals as (
    {{ action_refusals('contexts', 'rules', own_axes) }}
),

refused as (
    select distinct refusals.action_id from refusals
),

-- An action that is refused for its own sake moves nothing that later actions meet.
sequenced as (
    select
        contexts.*,
        refused.action_id is not null as is_refused,
        lag(contexts.kind) over (
            partition by
                contexts.order_id,
                case when contexts.kind in ('hold', 'release') then 'hold' else 'other' end,
                refused.action_id is not null
            order by contexts.occurred_at, contexts.action_id
        ) as previous_kind
    from contexts
    left join refused on contexts.action_id = refused.action_id
),

-- The whole order is cancelled by its source, or by an earlier action that was possible. What was asked for before counts from then
-- on: a return beside those that the feed opened, and before dispatch a cancellation or a change.
moved as (
    select
        sequenced.*,
        case
            when
                sequenced.is_cancelled_at_source
                or coalesce(min(case
                    when sequenced.kind = 'cancel' and not sequenced.is_refused then sequenced.occurred_at
                end) over (partition by sequenced.order_id) <= sequenced.occurred_at, false)
                then 'cancelled'
            else 'live'
        end as cancellation_state,
        case
            when
                sequenced.opened_returns_state = 'none'
                and coalesce(min(case
                    when sequenced.kind = 'request_return' and not sequenced.is_refused then sequenced.occurred_at
                end) over (partition by sequenced.order_id) <= sequenced.occurred_at, false)
                then 'asked'
            else sequenced.opened_returns_state
        end as returns_state,
        case
            when
                coalesce(min(case
                    when sequenced.kind in ('request_cancel', 'request_change') and not sequenced.is_refused
                        then sequenced.occurred_at
                end) over (partition by sequenced.order_id) <= sequenced.occurred_at, false)
                then 'asked'
            else 'none'
        end as requests_state,
        case when sequenced.kind in ('hold', 'release') then
            case when sequenced.previous_kind = 'hold' then 'held' else 'not_held' end
        end as hold_state
    from sequenced
),

all_refusals as (
    select * from refusals
    union all
    {{ action_refusals('moved', 'rules', ['cancellation', 'hold', 'returns', 'requests']) }}
),

first_refusals as (
    select
        all_refusals.action_id,
        all_refusals.rejection
    from all_refusals
    qualify row_number() over (partition by all_refusals.action_id order by all_refusals.step) = 1
),

final as (
    select
        moved.action_id,
        moved.order_id,
        moved.kind,
        moved.kind_word,
        moved.actor,
        moved.role,
        moved.line_id,
        moved.warehouse_id,
        moved.payload_token,
        moved.reason_token,
        first_refusals.rejection,
        cast(coalesce(moved.quantity, moved.left_quantity) as {{ dbt.type_bigint() }}) as quantity,
        first_refusals.action_id is null as is_accepted,
        coalesce(moved.quantity >= moved.left_quantity, true) as is_of_all_left,
        moved.promise_is_date_only,
        moved.tells_customer,
        moved.occurred_at,
        moved.promised_at,
        moved._file_id,
        moved._record,
        moved._source,
        {{ this_batch() }} as _batch_id
    from moved
    left join first_refusals on moved.action_id = first_refusals.action_id
)

select * from final
