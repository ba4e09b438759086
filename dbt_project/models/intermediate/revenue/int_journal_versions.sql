{#
  Versions of the revised lines and gift cards and of their orders, each with the business days on which it is in force: from that of its
  updated_at, the first one from the beginning. Of several versions of a day the last counts.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_revisions') }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('currencies') }}
-- depends_on: {{ ref('stg_order_lines') }}
-- depends_on: {{ ref('stg_orders') }}

-- A gift card has no parcel that is valued. Its versions always count.
with revised as (
    select
        lines_revised.order_id,
        lines_revised.line_id
    from {{ ref('int_journal_lines_revised') }} as lines_revised
    union
    select
        order_lines.order_id,
        order_lines.line_id
    from {{ ref('int_order_lines') }} as order_lines
    where
        order_lines.is_gift_card
        and {{ is_touched('order_lines.order_id', touched) }}
),

{{ versions_in_force('revised') }}

select * from final
