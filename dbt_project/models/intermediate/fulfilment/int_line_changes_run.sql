{#
  Changes of order lines added up per line: what each event changes on the quantities that are summed over an order. On an order
  that is not in int_orders_revised no limit of a line is reached, so a change of the line changes its order as it is, and nothing
  is added up.
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

line_changes as (
    select * from {{ ref('int_line_changes') }}
),

revised as (
    select * from {{ ref('int_orders_revised') }}
),

marked as (
    select
        line_changes.*,
        order_lines.currency_digits,
        order_lines.prices_include_tax,
        order_lines.requires_shipping,
        order_lines.is_shipment_tracked,
        revised.order_id is not null as is_revised
    from line_changes
    inner join order_lines
        on
            line_changes.order_id = order_lines.order_id
            and line_changes.line_id = order_lines.line_id
    left join revised on line_changes.order_id = revised.order_id
),

added as (
    select
        marked.order_id, marked.line_id, marked.occurred_at, marked.event_rank, marked.reference, marked.event_line_id,
        {% for column in columns -%}
        marked.{{ column }},
        sum(marked.{{ column }}) over so_far as run_{{ column }},
        {% endfor -%}
        marked.currency_digits,
        marked.prices_include_tax,
        marked.requires_shipping,
        marked.is_shipment_tracked
    from marked
    where marked.is_revised
    window so_far as (
        partition by marked.order_id, marked.line_id
        order by marked.occurred_at, marked.event_rank, marked.reference
        rows between unbounded preceding and current row
    )
),

-- `earlier_…` is the line before the event.
states as (
    select
        added.order_id, added.occurred_at, added.event_rank, added.reference, added.event_line_id,
        {% for column in columns -%}
        {%- set type = money_type() if column.endswith('_amount') else dbt.type_bigint() -%}
        cast(added.run_{{ column }} as {{ type }}) as {{ column }},
        cast(added.run_{{ column }} - added.{{ column }} as {{ type }}) as earlier_{{ column }},
        {% endfor -%}
        {% for column in ['currency_digits', 'prices_include_tax', 'requires_shipping', 'is_shipment_tracked'] -%}
        added.{{ column }},
        added.{{ column }} as earlier_{{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from added
),

{%- set cancelled -%}
case
            when states.whole_cancelled_count > 0 then greatest(states.ordered_quantity - states.shipped_quantity, 0)
            else least(
                greatest(
                    states.source_cancelled_quantity, least(states.operator_cancelled_quantity, states.ordered_quantity)
                ) + states.refunded_lost_quantity,
                greatest(states.ordered_quantity - states.shipped_quantity, 0)
            )
        end
{%- endset %}

cancelled as (
    select
        states.*,
        {{ cancelled }} as cancelled_quantity,
        {{ before_event(cancelled, 'states') }} as earlier_cancelled_quantity
    from states
),

{%- set kept = '(cancelled.ordered_quantity - cancelled.cancelled_quantity)' %}
{%- set kept_for_good -%}
(cancelled.ordered_quantity - cancelled.cancelled_quantity - least(
            cancelled.returned_quantity, cancelled.ordered_quantity - cancelled.cancelled_quantity,
            {{ returned_of_shipped('cancelled') }}
        ))
{%- endset %}
{%- set measures = {
    'lines_due_amount': owed_for_units('cancelled', kept),
    'returned_due_amount': 'case when cancelled.returned_quantity > 0 then ' ~ owed_for_units('cancelled', kept) ~ ' - '
        ~ owed_for_units('cancelled', kept_for_good) ~ ' else 0 end'
} %}
{%- do measures.update(fulfilment_measures('cancelled')) %}
{%- do measures.pop('to_ship_quantity') %}
{%- for column in ['lines_count', 'ordered_quantity', 'cancelled_quantity', 'shipped_quantity'] %}
{%- do measures.update({column: 'cancelled.' ~ column}) %}
{%- endfor %}

{%- set usual = {
    'lines_count': 'marked.lines_count', 'ordered_quantity': 'marked.ordered_quantity',
    'shipped_quantity': 'marked.shipped_quantity', 'arrived_quantity': 'marked.delivered_quantity',
    'lines_due_amount': 'marked.ordered_gross_amount - marked.ordered_discount_amount'
        ~ ' + case when marked.prices_include_tax then 0 else marked.ordered_tax_amount end'
} %}
{%- for column, change in [('to_fulfil', 'ordered'), ('fulfilled', 'shipped'), ('received', 'delivered')] %}
{%- do usual.update({
    column ~ '_quantity': 'case when marked.requires_shipping then marked.' ~ change ~ '_quantity else 0 end'
}) %}
{%- endfor %}

final as (
    select
        cancelled.order_id, cancelled.occurred_at, cancelled.event_rank, cancelled.reference, cancelled.event_line_id,
        {% for column, measure in measures.items() -%}
        {{ measure }} - ({{ before_event(measure, 'cancelled') }}) as {{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from cancelled
    union all
    select
        marked.order_id, marked.occurred_at, marked.event_rank, marked.reference, marked.event_line_id,
        {% for column in measures -%}
        {{ usual.get(column, '0') }} as {{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from marked
    where not marked.is_revised
)

select * from final
