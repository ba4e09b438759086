{#
  The timeline computes the state of an order after each of its events from running sums. A change is what one event adds to
  these sums. Changes of lines are added up per line, so that the limits of a line (a shipment beyond what is ordered) hold,
  and then per order.
#}

{# Columns of a change of an order line. `given` maps columns to expressions; the other columns are 0. #}
{% macro line_change_columns() -%}
    {{ return([
        'lines_count', 'ordered_quantity', 'source_cancelled_quantity', 'operator_cancelled_quantity', 'whole_cancelled_count',
        'refunded_lost_quantity', 'shipped_quantity', 'delivered_quantity', 'returned_quantity', 'ordered_gross_amount',
        'ordered_discount_amount', 'ordered_tax_amount'
    ]) }}
{%- endmacro %}

{# Columns of a change of an order. #}
{% macro order_change_columns() -%}
    {{ return([
        'placed_count', 'lines_count', 'ordered_quantity', 'cancelled_quantity', 'shipped_quantity',
        'returned_of_shipped_quantity', 'arrived_quantity', 'to_fulfil_quantity', 'fulfilled_quantity', 'received_quantity',
        'hold_count', 'confirm_count', 'whole_cancelled_count', 'failed_count', 'moving_parcels',
        'ended_parcels', 'approved_count', 'requested_count', 'declined_count', 'returns_count', 'lines_due_amount',
        'returned_due_amount', 'gross_authorized_amount', 'captured_amount', 'refunded_amount', 'voided_amount',
        'disputed_amount'
    ]) }}
{%- endmacro %}

{# Of these, the columns that also change on orders that are not in int_orders_revised. #}
{% macro usual_order_change_columns() -%}
    {{ return([
        'placed_count', 'lines_count', 'ordered_quantity', 'shipped_quantity', 'arrived_quantity', 'to_fulfil_quantity',
        'fulfilled_quantity', 'received_quantity', 'moving_parcels', 'ended_parcels', 'lines_due_amount',
        'gross_authorized_amount', 'captured_amount'
    ]) }}
{%- endmacro %}

{# Select list of the columns of a change. `given` maps columns to expressions; the other columns are 0. #}
{% macro changes(columns, given) -%}
    {%- for column in columns %}
    cast({{ given.get(column, '0') }} as {{ money_type() if column.endswith('_amount') else dbt.type_bigint() }})
        as {{ column }}{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}

{# An expression over the columns of `row`, over those whose names begin with `earlier_`: the state before the event. #}
{% macro before_event(expression, row, prefix='earlier_') -%}
    {{ return(expression | replace(row ~ '.', row ~ '.' ~ prefix)) }}
{%- endmacro %}

{# Columns of int_shipments with the first scan of each status that moves a parcel, and the first delivery to the sender. #}
{% macro scan_instants() -%}
    {%- set columns = {} -%}
    {%- for word in delivery_statuses() + ['lost', 'cancelled'] -%}
        {%- do columns.update({
            word: word ~ ('_scan_at' if word in ['delivered', 'returned', 'lost', 'cancelled'] else '_at')
        }) -%}
    {%- endfor -%}
    {%- do columns.update({'delivered_back': 'delivered_back_at'}) -%}
    {{ return(columns) }}
{%- endmacro %}

{#
  Columns `<prefix><status>_at`: the first scan of each status, if it had been seen at `instant`. Of simultaneous scans those
  up to `position` had been seen.
#}
{% macro scans_seen(shipments, instant, position, prefix='') -%}
    {%- for word, column in scan_instants().items() %}
    {%- set word_position = scan_words().index(word | replace('_back', '')) + 1 %}
    case
        when
            {{ shipments }}.{{ column }} < {{ instant }}
            or ({{ shipments }}.{{ column }} = {{ instant }} and {{ word_position }} <= {{ position }})
            then {{ shipments }}.{{ column }}
    end as {{ prefix }}{{ word }}_at{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}

{# First scan that moved a parcel. #}
{% macro first_scan_at(row) -%}
    least(
        {%- for word in scan_instants() %}
        {{ row }}.{{ word }}_at{% if not loop.last %},{% endif %}
        {%- endfor %}
    )
{%- endmacro %}

{#
  Parcels of an order counted by status in two numbers, three digits per status: none to ready_for_pickup in one, delivered to
  cancelled in the other.
#}
{% macro parcel_statuses(which) -%}
    {{ return({
        'moving': ['none'] + delivery_statuses()[:5],
        'ended': delivery_statuses()[5:] + ['lost', 'cancelled']
    }[which]) }}
{%- endmacro %}

{# What a parcel with this status adds to one of the two numbers. #}
{% macro parcel_count(status, which) -%}
    case {{ status }}
        {%- for word in parcel_statuses(which) %}
        when '{{ word }}' then {{ 1000 ** loop.index0 }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}

{# Rank of the least advanced parcel on its way or at its end; null if all parcels are lost or cancelled. #}
{% macro least_parcel_rank(row) -%}
    case
        {%- for word in parcel_statuses('moving') %}
        when {{ row }}.moving_parcels % {{ 1000 ** loop.index }} > 0 then {{ loop.index0 }}
        {%- endfor %}
        {%- for word in parcel_statuses('ended')[:3] %}
        when {{ row }}.ended_parcels % {{ 1000 ** loop.index }} > 0 then {{ loop.index0 + 6 }}
        {%- endfor %}
    end
{%- endmacro %}

{# Number of lost parcels, as far as no other parcel is on its way or at its end. #}
{% macro lost_parcels(row) -%}
    {{ row }}.ended_parcels % {{ 1000 ** 4 }}
{%- endmacro %}

{# Order of the events of an order. It ends in a unique key. #}
{% macro order_of_events(events) -%}
    {%- for column in [
        'occurred_at', 'event_rank', 'reference nulls last', 'line_id nulls last', 'move_number', 'event', 'detail nulls last',
        '_file_id', '_record'
    ] -%}
    {{ events }}.{{ column }}{% if not loop.last %}, {% endif %}
    {%- endfor -%}
{%- endmacro %}
