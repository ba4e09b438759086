{# Versions of all lines of the orders whose refunds are followed by the day, each with the days on which it is in force. #}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}
-- depends_on: {{ ref('stg_orders') }}
-- depends_on: {{ ref('stg_order_lines') }}
-- depends_on: {{ ref('currencies') }}

with revised as (
    select distinct
        order_lines.order_id,
        order_lines.line_id
    from {{ ref('int_order_lines') }} as order_lines
    where order_lines.order_id in (select days.order_id from {{ ref('int_journal_refund_days') }} as days)
),

{{ versions_in_force('revised') }}

select * from final
