{#
  Units of each line of such an order at the end of each day: by the version in force, the parcels that have left and not ended, the
  returns that have arrived, and what was cancelled.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_journal_claims') }}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_shipment_lines') }}
-- depends_on: {{ ref('int_actions_judged') }}

with days as (
    select * from {{ ref('int_journal_refund_days') }}
),

versions as (
    select * from {{ ref('int_journal_refund_versions') }}
),

orders as (
    select * from {{ ref('int_orders') }}
    where {{ is_touched('order_id', touched) }}
),

units_returned as (
    select * from {{ ref('int_revenue_units_returned') }}
    where {{ is_touched('order_id', touched) }}
),

{{ units_known('days', 'versions', touched) }}

returned as (
    select
        days.order_id,
        days.business_date,
        units_returned.line_id,
        sum(units_returned.returned_so_far_quantity - units_returned.returned_before_quantity) as returned_quantity
    from days
    inner join units_returned
        on
            days.order_id = units_returned.order_id
            and days.business_date >= {{ business_date('units_returned.occurred_at') }}
    group by
        days.order_id,
        days.business_date,
        units_returned.line_id
),

with_returns as (
    select
        called_off.*,
        orders.is_shipment_tracked,
        coalesce(returned.returned_quantity, 0) as returned_quantity
    from called_off
    inner join orders on called_off.order_id = orders.order_id
    left join returned
        on
            called_off.order_id = returned.order_id
            and called_off.line_id = returned.line_id
            and called_off.business_date = returned.business_date
),

counted as (
    select
        with_returns.*,
        {{ reopened_quantity('with_returns', 'with_returns.gone_quantity') }} as reopened_quantity,
        {{ returned_of_sent_quantity('with_returns') }} as returned_of_shipped_quantity
    from with_returns
),

final as (
    select
        counted.*,
        {{ reopened_amount('counted') }} as reopened_amount
    from counted
)

select * from final
