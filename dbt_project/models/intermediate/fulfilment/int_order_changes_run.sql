{#
  Changes of orders added up: the statuses of the order before and after each event, by the definitions that give the statuses
  of the order as it is now.
#}
{{ config(materialized='ephemeral', step_of='int_order_events') }}
{%- set columns = order_change_columns() %}
{%- set usual_columns = usual_order_change_columns() %}
{%- set constants = [
    'payment_terms', 'tolerance_amount', 'is_paid_tracked', 'is_shipment_tracked', 'is_delivery_tracked', 'is_return_tracked'
] %}

with states as (
    select * from {{ ref('int_order_states_touched') }}
),

order_changes as (
    select * from {{ ref('int_order_changes') }}
),

{%- set in_order -%}
partition by order_changes.order_id
        order by
            order_changes.occurred_at, order_changes.event_rank, order_changes.reference nulls last,
            order_changes.line_id nulls last
{%- endset %}

added as (
    {% for is_revised in [false, true] -%}
    select
        order_changes.order_id, order_changes.occurred_at, order_changes.event_rank, order_changes.reference,
        order_changes.line_id,
        {% for column in columns -%}
        {% if is_revised or column in usual_columns -%}
        order_changes.{{ column }},
        sum(order_changes.{{ column }}) over so_far as run_{{ column }},
        {% else -%}
        0 as {{ column }},
        0 as run_{{ column }},
        {% endif -%}
        {% endfor -%}
        row_number() over in_order as change_number,
        lead(order_changes.event_rank) over in_order is null as is_last
    from order_changes
    where {{ 'order_changes.is_revised' if is_revised else 'not order_changes.is_revised' }}
    window
        so_far as ({{ in_order }} rows between unbounded preceding and current row),
        in_order as ({{ in_order }})
    {%- if not loop.last %}
    union all
    {% endif %}
    {%- endfor %}
),

-- `earlier_…` is the order before the event.
summed as (
    select
        added.order_id, added.occurred_at, added.event_rank, added.reference, added.line_id, added.change_number,
        added.is_last,
        {% for column in columns -%}
        {%- set type = money_type() if column.endswith('_amount') else dbt.type_bigint() -%}
        cast(added.run_{{ column }} as {{ type }}) as {{ column }},
        cast(added.run_{{ column }} - added.{{ column }} as {{ type }}) as earlier_{{ column }},
        {% endfor -%}
        {% for column in constants + ['shipping_due_amount'] -%}
        states.{{ column }},
        states.{{ column }} as earlier_{{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from added
    inner join states on added.order_id = states.order_id
),

{%- set steps = [
    ('counted', 'summed', {
        'to_ship_quantity': 'summed.to_fulfil_quantity - summed.fulfilled_quantity',
        'is_on_hold': 'summed.hold_count > 0',
        'has_confirm_action': 'summed.confirm_count > 0',
        'is_whole_order_cancelled': 'summed.whole_cancelled_count > 0',
        'authorized_amount': 'greatest(summed.gross_authorized_amount - summed.voided_amount, 0)',
        'shipments_count': 'summed.moving_parcels + summed.ended_parcels',
        'least_rank': least_parcel_rank('summed'),
        'lost_count': lost_parcels('summed')
    }),
    ('left_over', 'counted', {'is_nothing_left': is_nothing_left('counted')}),
    ('due', 'left_over', {
        'due_amount':
            'left_over.lines_due_amount + case when left_over.is_nothing_left then 0 else left_over.shipping_due_amount end'
    }),
    ('settled', 'due', {'is_settled': is_settled('due'), 'is_covered': is_covered('due')})
] %}
{%- for name, previous, expressions in steps %}

{{ name }} as (
    select
        {{ previous }}.*,
        {% for column, expression in expressions.items() -%}
        {{ expression }} as {{ column }},
        {{ before_event(expression, previous) }} as earlier_{{ column }}
        {%- if not loop.last %},{% endif %}
        {% endfor %}
    from {{ previous }}
),
{%- endfor %}

{%- set order_status_so_far = "case when settled.placed_count > 0 then " ~ order_status('settled') ~ " else 'none' end" %}
{%- set statuses = {
    'order_status': order_status_so_far, 'payment_status': payment_status('settled'),
    'fulfilment_status': fulfilment_status('settled'), 'delivery_status': delivery_status('settled'),
    'return_status': return_status('settled')
} %}

final as (
    select
        settled.order_id, settled.occurred_at, settled.event_rank, settled.reference, settled.line_id,
        {% for axis, status in statuses.items() -%}
        {{ status }} as to_{{ axis }},
        -- Before its first event an order has no status.
        case
            when settled.change_number <= case when settled.lines_count > 0 then 2 else 1 end then 'none'
            else {{ before_event(status, 'settled') }}
        end as from_{{ axis }},
        {% endfor -%}
        settled.is_last
    from settled
    where settled.event_rank >= 0
)

select * from final
