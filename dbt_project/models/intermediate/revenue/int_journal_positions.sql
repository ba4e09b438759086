{#
  Events of an order with what they change on its two accounts: what is paid and not yet shipped is deferred revenue, what is
  shipped and not yet paid is receivable. Changes are debits if positive.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='order_id', touched=touched) }}
-- depends_on: {{ ref('int_touched_orders') }}

with events as (
    select * from {{ ref('int_journal_events') }}
),

-- A payment without a rate stays in its own currency, which is a position of its own.
running as (
    select
        events.*,
        sum(events.position_change_amount) over (
            partition by events.order_id, events.currency
            order by events.business_date, events.event_rank, events.entry_id
            rows between unbounded preceding and current row
        ) as position_amount
    from events
),

final as (
    select
        running.entry_id,
        running.entry_kind,
        running.order_id,
        running.payment_id,
        running.currency,
        {% for amount in ['sales', 'discounts', 'returns', 'tax', 'shipping', 'gift_cards', 'goodwill', 'paid'] -%}
        running.{{ amount }}_amount,
        {% endfor -%}
        cast(
            greatest(running.position_amount - running.position_change_amount, 0) - greatest(running.position_amount, 0)
            as {{ money_type() }}
        ) as deferred_revenue_amount,
        cast(
            greatest(-running.position_amount, 0) - greatest(running.position_change_amount - running.position_amount, 0)
            as {{ money_type() }}
        ) as accounts_receivable_amount,
        cast(running.position_amount as {{ money_type() }}) as position_amount,
        running.event_rank,
        running.business_date,
        {{ this_batch() }} as _batch_id
    from running
)

select * from final
