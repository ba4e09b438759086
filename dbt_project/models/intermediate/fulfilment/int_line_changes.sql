{#
  What each event changes on an order line. The first version of a line counts from the beginning of the order; `event_rank`
  is then -1.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set touched = ['int_touched_orders', 'int_orders_reclassified'] %}
{%- set columns = line_change_columns() %}
-- depends_on: {{ ref('int_touched_orders') }}
-- depends_on: {{ ref('int_orders_reclassified') }}

with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where {{ is_touched('order_id', touched) }}
),

line_versions as (
    select * from {{ ref('int_line_versions_compared') }}
),

decisions as (
    select * from {{ ref('int_order_decisions_made') }}
),

payments as (
    select * from {{ ref('int_payment_ledger') }}
),

parcels as (
    select * from {{ ref('int_parcels_compared') }}
),

scans as (
    select * from {{ ref('int_scans_compared') }}
),

returns as (
    select * from {{ ref('int_return_events_compared') }}
),

-- The totals of the current version are those of the line.
ordered as (
    select
        line_versions.order_id,
        line_versions.line_id,
        line_versions.version_number,
        line_versions.updated_at,
        line_versions.quantity - line_versions.was_quantity as ordered_quantity,
        line_versions.cancelled_quantity - line_versions.was_cancelled_quantity as cancelled_quantity,
        {% for word in ['gross', 'discount', 'tax'] -%}
        case
            when line_versions.is_current then order_lines.ordered_{{ word }}_amount
            else line_versions.{{ word }}_amount
        end - line_versions.was_{{ word }}_amount as {{ word }}_amount
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from line_versions
    inner join order_lines
        on
            line_versions.order_id = order_lines.order_id
            and line_versions.line_id = order_lines.line_id
),

-- Lost units that count as cancelled because their value was refunded do so from the last refund.
refunded_lost as (
    select
        order_lines.order_id,
        order_lines.line_id,
        payments.occurred_at,
        payments.payment_id,
        order_lines.cancelled_quantity - least(
            order_lines.requested_cancelled_quantity, greatest(order_lines.ordered_quantity - order_lines.shipped_quantity, 0)
        ) as quantity
    from order_lines
    inner join payments on order_lines.order_id = payments.order_id
    where
        payments.kind = 'refunded'
        and order_lines.lost_quantity + order_lines.carrier_returned_quantity > 0
        and order_lines.cancelled_quantity > order_lines.requested_cancelled_quantity
    qualify row_number() over (
        partition by order_lines.order_id, order_lines.line_id
        order by payments.occurred_at desc, payments.payment_id desc
    ) = 1
),

final as (
    select
        ordered.order_id, ordered.line_id,
        cast('0001-01-01 00:00:00' as timestamp) as occurred_at, -1 as event_rank, ordered.order_id as reference,
        cast(null as {{ dbt.type_string() }}) as event_line_id,
        {{ changes(columns, {
            'lines_count': '1', 'ordered_quantity': 'ordered.ordered_quantity', 'ordered_gross_amount': 'ordered.gross_amount',
            'ordered_discount_amount': 'ordered.discount_amount', 'ordered_tax_amount': 'ordered.tax_amount'
        }) }}
    from ordered
    where ordered.version_number = 1
    union all
    select
        ordered.order_id, ordered.line_id,
        ordered.updated_at, 200 + ordered.version_number, ordered.line_id, ordered.line_id,
        {{ changes(columns, {
            'ordered_quantity': 'case when ordered.version_number > 1 then ordered.ordered_quantity else 0 end',
            'source_cancelled_quantity': 'ordered.cancelled_quantity',
            'ordered_gross_amount': 'case when ordered.version_number > 1 then ordered.gross_amount else 0 end',
            'ordered_discount_amount': 'case when ordered.version_number > 1 then ordered.discount_amount else 0 end',
            'ordered_tax_amount': 'case when ordered.version_number > 1 then ordered.tax_amount else 0 end'
        }) }}
    from ordered
    where ordered.version_number > 1 or ordered.cancelled_quantity <> 0
    union all
    select
        decisions.order_id, decisions.line_id,
        decisions.occurred_at, decisions.event_rank, decisions.reference, null,
        {{ changes(columns, {'operator_cancelled_quantity': 'decisions.cancelled_quantity'}) }}
    from decisions
    where decisions.cancelled_quantity > 0
    union all
    select
        order_lines.order_id, order_lines.line_id,
        decisions.occurred_at, decisions.event_rank, decisions.reference, null,
        {{ changes(columns, {'whole_cancelled_count': 'decisions.whole_cancelled_count'}) }}
    from decisions
    inner join order_lines on decisions.order_id = order_lines.order_id
    where decisions.whole_cancelled_count <> 0
    union all
    select
        refunded_lost.order_id, refunded_lost.line_id,
        refunded_lost.occurred_at, 300, refunded_lost.payment_id, null,
        {{ changes(columns, {'refunded_lost_quantity': 'refunded_lost.quantity'}) }}
    from refunded_lost
    union all
    select
        parcels.order_id, parcels.line_id,
        parcels.shipped_at, 400, parcels.shipment_id, parcels.line_id,
        {{ changes(columns, {
            'shipped_quantity': "case when parcels.outcome in ('on_the_way', 'delivered') then parcels.quantity else 0 end",
            'delivered_quantity': "case when parcels.outcome = 'delivered' then parcels.quantity else 0 end"
        }) }}
    from parcels
    union all
    select
        parcels.order_id, parcels.line_id,
        scans.occurred_at, scans.event_rank, scans.shipment_id, null,
        {{ changes(columns, {
            'shipped_quantity': "parcels.quantity * (case when scans.outcome in ('on_the_way', 'delivered') then 1 else 0 end"
                ~ " - case when scans.earlier_outcome in ('on_the_way', 'delivered') then 1 else 0 end)",
            'delivered_quantity': "parcels.quantity * (case when scans.outcome = 'delivered' then 1 else 0 end"
                ~ " - case when scans.earlier_outcome = 'delivered' then 1 else 0 end)"
        }) }}
    from scans
    inner join parcels
        on
            scans.order_id = parcels.order_id
            and scans.shipment_id = parcels.shipment_id
            and scans.occurred_at >= parcels.shipped_at
    where
        scans.outcome <> scans.earlier_outcome
        and not scans.is_repeated
    union all
    select
        returns.order_id, returns.line_id,
        returns.occurred_at, returns.event_rank, returns.reference, returns.event_line_id,
        {{ changes(columns, {'returned_quantity': 'returns.returned_quantity - returns.earlier_returned_quantity'}) }}
    from returns
    where returns.returned_quantity <> returns.earlier_returned_quantity
)

select * from final
