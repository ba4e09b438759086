{#
  Orders with the same lines and amount as another order of the same customer, placed within minutes. They are recomputed
  by customer, because another order makes an order suspect.
#}
{%- set touched = ['int_touched_customers'] -%}
{{ config(materialized='incremental', incremental_strategy='replace_touched', unique_key='customer_key', touched=touched) }}
-- depends_on: {{ ref('int_touched_customers') }}

with order_states as (
    select * from {{ ref('int_order_states') }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
),

in_sequence as (
    select
        order_states.customer_key,
        order_states.order_id,
        order_states.placed_at,
        order_states.currency,
        order_states.ordered_due_amount,
        order_states.lines_count,
        order_states._source,
        lag(order_states.order_id) over same_basket as earlier_order_id,
        lag(order_states.placed_at) over same_basket as earlier_placed_at
    from order_states
    where
        order_states.order_status <> 'cancelled'
        and order_states.order_type = 'sale'
        and order_states.lines_count > 0
        and (order_states.customer_id is not null or order_states.customer_token is not null)
        and {{ is_touched('order_states.customer_key', touched) }}
    window same_basket as (
        partition by
            order_states.customer_key, order_states.currency, order_states.ordered_due_amount, order_states.lines_count,
            order_states.ordered_quantity
        order by order_states.placed_at, order_states.order_id
    )
),

suspects as (
    select in_sequence.*
    from in_sequence
    where {{ hours_between('in_sequence.earlier_placed_at', 'in_sequence.placed_at') }} * 60 <= {{ var('duplicate_minutes') }}
),

-- Both orders have the same lines if every line has a matching line.
compared as (
    select
        suspects.order_id,
        count(distinct order_lines.sku) as skus_count,
        count(distinct earlier_lines.sku) as matched_count
    from suspects
    inner join order_lines on suspects.order_id = order_lines.order_id
    left join order_lines as earlier_lines
        on
            suspects.earlier_order_id = earlier_lines.order_id
            and order_lines.sku = earlier_lines.sku
    group by suspects.order_id
),

final as (
    select
        suspects.customer_key,
        suspects.order_id,
        suspects.earlier_order_id,
        suspects.currency,
        suspects.ordered_due_amount,
        suspects.placed_at,
        suspects._source,
        {{ this_batch() }} as _batch_id
    from suspects
    inner join compared on suspects.order_id = compared.order_id
    where compared.skus_count = compared.matched_count
)

select * from final
