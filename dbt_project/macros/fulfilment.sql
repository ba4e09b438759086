{#
  Statuses of a parcel in order of progress. A scan's rank is its position: label_created is 1, delivered 6, returned 8.
  Delays, failed attempts and exceptions have rank 0 and never advance the parcel.
#}
{% macro delivery_statuses() -%}
    {{ return(['label_created', 'accepted', 'in_transit', 'out_for_delivery', 'ready_for_pickup', 'delivered', 'returning', 'returned']) }}
{%- endmacro %}

{#
  Status of a parcel, from the rank that it reached and from a loss or cancellation. Both end the way to the customer and
  the way back. They do not count while the parcel is delivered (6), and not if it was delivered later.
#}
{% macro delivery_status_at(rank, is_cancelled, is_lost) -%}
    case
        when {{ is_cancelled }} and {{ rank }} <> 6 then 'cancelled'
        when {{ is_lost }} and {{ rank }} <> 6 then 'lost'
        {%- for word in delivery_statuses() %}
        when {{ rank }} = {{ loop.index }} then '{{ word }}'
        {%- endfor %}
        else 'none'
    end
{%- endmacro %}

{# Furthest rank of a parcel, from the instants of its scans. A parcel that is back at the sender is returned. #}
{% macro furthest_delivery_rank(row) -%}
    case
        when {{ row }}.back_at is not null then 8
        {%- for word in delivery_statuses() | reverse %}
        when {{ row }}.{{ word }}_at is not null then {{ 9 - loop.index }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}

{#
  When a parcel reached the customer, from the instants of its scans: `delivered` after a scan of the way back is the delivery
  to the sender.
#}
{% macro customer_delivered_at(row) -%}
    case
        when not coalesce({{ row }}.delivered_at > least({{ row }}.returning_at, {{ row }}.returned_at), false)
            then {{ row }}.delivered_at
    end
{%- endmacro %}

{# When a parcel was back at the sender, from the instants of its scans. #}
{% macro back_at(row) -%}
    least({{ row }}.returned_at, {{ row }}.delivered_back_at)
{%- endmacro %}

{# True if the carrier lost the parcel and it neither reached the customer nor came back to the sender after that. #}
{% macro is_lost_parcel(row) -%}
    coalesce(
        {{ row }}.lost_at >= coalesce(greatest({{ row }}.back_at, {{ row }}.customer_delivered_at), {{ row }}.lost_at), false
    )
{%- endmacro %}

{# True if the shipment was cancelled and did not reach the customer after that. #}
{% macro is_cancelled_parcel(row) -%}
    coalesce({{ row }}.cancelled_at >= coalesce({{ row }}.customer_delivered_at, {{ row }}.cancelled_at), false)
{%- endmacro %}

{# The one thing that became of a parcel. A delivery to the customer is not taken back by another scan. #}
{% macro parcel_outcome(row) -%}
    case
        when {{ row }}.customer_delivered_at is not null then 'delivered'
        when {{ row }}.cancelled_at is not null then 'cancelled'
        when {{ is_lost_parcel(row) }} then 'lost'
        when {{ row }}.back_at is not null then 'carrier_returned'
        else 'on_the_way'
    end
{%- endmacro %}

{#
  Statuses in the order in which simultaneous scans are read: problems before progress, a loss or a cancellation last.
  Instant and position make one number; its maximum is the latest scan.
#}
{% macro scan_words() -%}
    {{ return(['delayed', 'exception', 'attempt_failed'] + delivery_statuses() + ['lost', 'cancelled']) }}
{%- endmacro %}

{# Position of a scan among simultaneous ones. #}
{% macro scan_position(status) -%}
    case {{ status }}
        {%- for word in scan_words() %}
        when '{{ word }}' then {{ loop.index }}
        {%- endfor %}
        else 0
    end
{%- endmacro %}

{% macro scan_number(status, instant) -%}
    {{ instant_micros(instant) }} * 16 + {{ scan_position(status) }}
{%- endmacro %}

{% macro scan_word(number) -%}
    case {{ number }} % 16
        {%- for word in scan_words() %}
        when {{ loop.index }} then '{{ word }}'
        {%- endfor %}
        when 0 then 'unknown'
    end
{%- endmacro %}

{#
  Id by which customers track an order: 12 characters of base 64 of a salted SHA-256, in capitals, without characters that
  people confuse. It has about 58 bits: among ten million orders the chance of a collision is one in five thousand.
#}
{% macro tracking_id(order_id) -%}
    translate(upper(substr({{ base64_of_hex(sha256_hex("'" ~ var('tracking_salt') ~ ":' || " ~ order_id)) }}, 1, 12)), '+/01IO', 'XYHKMW')
{%- endmacro %}


{# One minor unit of a currency as an amount, from the currency's number of decimal digits. #}
{% macro minor_unit_amount(digits) -%}
    cast(case {{ digits }} when 0 then 1 when 1 then 0.1 when 2 then 0.01 when 3 then 0.001 else 0.0001 end as {{ money_type() }})
{%- endmacro %}

{# Payment status, from the amounts in the columns of `row`. The order and each step of its timeline use this definition. #}
{% macro payment_status(row) -%}
    case
        when not {{ row }}.is_paid_tracked then 'not_tracked'
        when {{ row }}.disputed_amount > 0 then 'disputed'
        when {{ row }}.captured_amount > 0 and {{ row }}.refunded_amount >= {{ row }}.captured_amount then 'refunded'
        when {{ row }}.refunded_amount > greatest({{ row }}.captured_amount - {{ row }}.due_amount, 0) + {{ row }}.tolerance_amount
            then 'part_refunded'
        when {{ row }}.captured_amount - {{ row }}.refunded_amount > {{ row }}.due_amount + {{ row }}.tolerance_amount
            then 'overpaid'
        when
            {{ row }}.due_amount > 0
            and {{ row }}.captured_amount - {{ row }}.refunded_amount
            >= {{ row }}.due_amount - {{ row }}.returned_due_amount - {{ row }}.tolerance_amount
            then 'paid'
        when {{ row }}.due_amount = 0 then 'not_due'
        when {{ row }}.captured_amount > 0 then 'part_paid'
        when {{ row }}.authorized_amount > 0 then 'authorized'
        when {{ row }}.voided_amount > 0 then 'voided'
        when {{ row }}.failed_count > 0 then 'failed'
        else 'none'
    end
{%- endmacro %}

{#
  Update time of the first version that says without interruption that its order is cancelled. It is the time of a cancellation
  for which the source gives none.
#}
{% macro first_cancellations(versions) -%}
    select
        {{ versions }}.order_id,
        min({{ versions }}.updated_at) as updated_at
    from {{ versions }}
    left join (
        select
            kept_versions.order_id,
            max(kept_versions.updated_at) as updated_at
        from {{ versions }} as kept_versions
        where not kept_versions.is_cancelled
        group by kept_versions.order_id
    ) as last_kept on {{ versions }}.order_id = last_kept.order_id
    where
        {{ versions }}.is_cancelled
        and (last_kept.updated_at is null or {{ versions }}.updated_at > last_kept.updated_at)
    group by {{ versions }}.order_id
{%- endmacro %}

{# What became of a line of a return. #}
{% macro return_outcome(row) -%}
    case
        when {{ row }}.returned_quantity > 0 and {{ row }}.restocked_quantity > 0 and {{ row }}.scrapped_quantity > 0
            then 'part_scrapped'
        when {{ row }}.returned_quantity > 0 and {{ row }}.scrapped_quantity > 0 then 'scrapped'
        when {{ row }}.returned_quantity > 0 and {{ row }}.restocked_quantity > 0 then 'restocked'
        when {{ row }}.returned_quantity > 0 then 'received'
        when {{ row }}.status = 'declined' then 'declined'
        when {{ row }}.status = 'cancelled' then 'called_off'
        else 'open'
    end
{%- endmacro %}
