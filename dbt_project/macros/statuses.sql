{#
  Statuses of an order on its axes, from the columns of `row`. The order and every step of its timeline use these
  definitions, so that the last step of the history is the present. `payment_status` stands in fulfilment.sql.
#}

{# Order status. #}
{% macro order_status(row) -%}
    case
        when {{ row }}.is_nothing_left and {{ row }}.shipped_quantity = 0 then 'cancelled'
        when {{ row }}.is_on_hold then 'on_hold'
        when
            {{ row }}.lines_count > 0
            and {{ row }}.is_shipment_tracked
            and {{ row }}.to_ship_quantity = 0
            and (not {{ row }}.is_delivery_tracked or {{ row }}.arrived_quantity >= {{ row }}.shipped_quantity)
            and coalesce({{ row }}.is_settled, true)
            then 'closed'
        when
            {{ row }}.has_confirm_action
            or {{ row }}.is_covered
            or {{ row }}.payment_terms in ('on_delivery', 'invoice')
            or {{ row }}.shipped_quantity > 0
            then 'confirmed'
        else 'placed'
    end
{%- endmacro %}

{# True if no ordered unit is kept: every unit is cancelled, or the whole order is and nothing has shipped. #}
{% macro is_nothing_left(row) -%}
    (
        ({{ row }}.ordered_quantity > 0 and {{ row }}.cancelled_quantity >= {{ row }}.ordered_quantity)
        or ({{ row }}.is_whole_order_cancelled and {{ row }}.shipped_quantity = 0)
    )
{%- endmacro %}

{# True if the customer owes nothing more. Null if payments of the source are not tracked. #}
{% macro is_settled(row) -%}
    case
        when {{ row }}.due_amount = 0 then true
        when not {{ row }}.is_paid_tracked then cast(null as {{ dbt.type_boolean() }})
        else
            {{ row }}.captured_amount >= {{ row }}.due_amount - {{ row }}.tolerance_amount
            or {{ row }}.captured_amount - {{ row }}.refunded_amount
            >= {{ row }}.due_amount - {{ row }}.returned_due_amount - {{ row }}.tolerance_amount
    end
{%- endmacro %}

{# True if what is due has been captured or reserved. #}
{% macro is_covered(row) -%}
    (
        {{ row }}.due_amount = 0
        or (
            {{ row }}.is_paid_tracked
            and greatest({{ row }}.authorized_amount, {{ row }}.captured_amount)
            >= {{ row }}.due_amount - {{ row }}.tolerance_amount
        )
    )
{%- endmacro %}

{# Fulfilment status. The quantities are those of `fulfilment_measures`. #}
{% macro fulfilment_status(row) -%}
    case
        when not {{ row }}.is_shipment_tracked then 'not_tracked'
        when {{ row }}.to_fulfil_quantity = 0 then 'nothing_to_fulfil'
        when {{ row }}.received_quantity >= {{ row }}.to_fulfil_quantity then 'delivered'
        when {{ row }}.received_quantity > 0 then 'part_delivered'
        when {{ row }}.fulfilled_quantity >= {{ row }}.to_fulfil_quantity then 'shipped'
        when {{ row }}.fulfilled_quantity > 0 then 'part_shipped'
        else 'unfulfilled'
    end
{%- endmacro %}

{# Returned units of a line that had been sent. Where shipments are not tracked, kept units count as sent. #}
{% macro returned_of_shipped(line) -%}
    least({{ line }}.returned_quantity, case
        when {{ line }}.is_shipment_tracked then {{ line }}.shipped_quantity
        else {{ line }}.ordered_quantity - {{ line }}.cancelled_quantity
    end)
{%- endmacro %}

{#
  Quantities of one line that are summed over an order for its statuses. Units to fulfil are the kept units that require
  shipping. An over-shipped line does not compensate for another line.
#}
{% macro fulfilment_measures(line) -%}
    {{ return({
        'returned_of_shipped_quantity': returned_of_shipped(line),
        'arrived_quantity': 'greatest(' ~ line ~ '.delivered_quantity, least(' ~ line ~ '.returned_quantity, ' ~ line
            ~ '.shipped_quantity))',
        'to_fulfil_quantity': 'case when ' ~ line ~ '.requires_shipping then ' ~ line ~ '.ordered_quantity - ' ~ line
            ~ '.cancelled_quantity else 0 end',
        'fulfilled_quantity': 'case when ' ~ line ~ '.requires_shipping then least(' ~ line ~ '.shipped_quantity, ' ~ line
            ~ '.ordered_quantity - ' ~ line ~ '.cancelled_quantity) else 0 end',
        'received_quantity': 'case when ' ~ line ~ '.requires_shipping then least(' ~ line ~ '.delivered_quantity, ' ~ line
            ~ '.ordered_quantity - ' ~ line ~ '.cancelled_quantity) else 0 end',
        'to_ship_quantity': 'case when ' ~ line ~ '.requires_shipping then greatest(' ~ line ~ '.ordered_quantity - ' ~ line
            ~ '.cancelled_quantity - ' ~ line ~ '.shipped_quantity, 0) else 0 end'
    }) }}
{%- endmacro %}

{#
  Delivery status: that of the least advanced parcel. Parcels that were lost or cancelled count only if there is no other.
#}
{% macro delivery_status(row) -%}
    case
        when not {{ row }}.is_delivery_tracked then 'not_tracked'
        when {{ row }}.shipments_count = 0 then 'none'
        when {{ row }}.least_rank is not null then {{ delivery_status_at(row ~ '.least_rank', 'false', 'false') }}
        when {{ row }}.lost_count > 0 then 'lost'
        else 'cancelled'
    end
{%- endmacro %}

{#
  Return status. The counts are those of the order's lines of returns in each status. Goods that were never sent change
  nothing.
#}
{% macro return_status(row) -%}
    case
        when
            {{ row }}.returned_of_shipped_quantity > 0
            and {{ row }}.returned_of_shipped_quantity >= case
                when {{ row }}.is_shipment_tracked then {{ row }}.shipped_quantity
                else {{ row }}.ordered_quantity - {{ row }}.cancelled_quantity
            end
            then 'returned'
        when {{ row }}.returned_of_shipped_quantity > 0 then 'part_returned'
        when {{ row }}.approved_count > 0 then 'approved'
        when {{ row }}.requested_count > 0 then 'requested'
        when {{ row }}.declined_count > 0 then 'declined'
        when not {{ row }}.is_return_tracked and {{ row }}.returns_count = 0 then 'not_tracked'
        else 'none'
    end
{%- endmacro %}
