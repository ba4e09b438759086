{#
  What refunds pay for. The same definitions hold for everything that is known now (int_refunds_assigned) and for what is known at the end
  of a day (the steps of int_journal_claims). `keys` are the columns that tell the states of orders apart.
#}

{# Day on which a parcel ended without staying at the customer; null of one that is on its way or delivered. #}
{% macro parcel_end_date(parcels) -%}
    case when {{ parcels }}.outcome not in ('on_the_way', 'delivered') then
        {{ business_date(
            'coalesce(' ~ parcels ~ '.lost_at, ' ~ parcels ~ '.returned_at, ' ~ parcels ~ '.cancelled_at, ' ~ parcels ~ '.shipped_at)'
        ) }}
    end
{%- endmacro %}

{# Units that the source or operators cancelled, never more than are not shipped. #}
{% macro called_off_quantity(line) -%}
    case
        when {{ line }}.is_whole_order_cancelled then greatest({{ line }}.ordered_quantity - {{ line }}.shipped_quantity, 0)
        else least(
            {{ line }}.requested_cancelled_quantity, greatest({{ line }}.ordered_quantity - {{ line }}.shipped_quantity, 0)
        )
    end
{%- endmacro %}

{# Units that were lost or returned by the carrier and neither cancelled nor sent again; `gone` are all that were. #}
{% macro reopened_quantity(line, gone) -%}
    greatest(
        least({{ gone }}, {{ line }}.ordered_quantity - {{ line }}.called_off_quantity - {{ line }}.shipped_quantity), 0
    )
{%- endmacro %}

{% macro reopened_amount(line) -%}
    {%- set kept = line ~ '.ordered_quantity - ' ~ line ~ '.called_off_quantity' -%}
    case when {{ line }}.reopened_quantity > 0 then
        {{ owed_for_units(line, '(' ~ kept ~ ')') }}
        - {{ owed_for_units(line, '(' ~ kept ~ ' - ' ~ line ~ '.reopened_quantity)') }}
        else 0
    end
{%- endmacro %}

{# Units that came back, of those that were sent. #}
{% macro returned_of_sent_quantity(line) -%}
    least({{ line }}.returned_quantity, case
        when {{ line }}.is_shipment_tracked then {{ line }}.shipped_quantity
        else {{ line }}.ordered_quantity - {{ line }}.called_off_quantity
    end)
{%- endmacro %}

{# Value of the lines of each state of an order. #}
{% macro refundable_orders(lines, keys) -%}
    select
        {% for key in keys -%}
        valued.{{ key }},
        {% endfor -%}
        sum(valued.ordered_quantity) > 0 and sum(valued.called_off_quantity) >= sum(valued.ordered_quantity) as is_all_called_off,
        sum(valued.shipped_quantity) as shipped_quantity,
        sum(valued.kept_amount) as kept_amount,
        sum(valued.ordered_amount - valued.kept_amount) as cancelled_amount,
        sum(valued.kept_amount - valued.kept_without_returns_amount) as returned_amount,
        sum(valued.reopened_amount) as reopened_amount
    from (
        {%- set kept = lines ~ '.ordered_quantity - ' ~ lines ~ '.called_off_quantity' %}
        select
            {{ lines }}.*,
            {{ owed_for_units(lines, lines ~ '.ordered_quantity') }} as ordered_amount,
            {{ owed_for_units(lines, '(' ~ kept ~ ')') }} as kept_amount,
            {{ owed_for_units(lines, '(' ~ kept ~ ' - ' ~ lines ~ '.returned_of_shipped_quantity)') }} as kept_without_returns_amount
        from {{ lines }}
    ) as valued
    group by {% for key in keys %}valued.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# Sums of the payments of a state of an order. #}
{% macro refundable_payments(payments, amount) -%}
    coalesce(sum({{ amount }}) filter (where {{ payments }}.kind = 'captured'), 0) as captured_amount,
        coalesce(sum({{ amount }}) filter (where {{ payments }}.kind = 'refunded' and {{ payments }}.return_id is not null), 0)
            as refunded_for_returns_amount
{%- endmacro %}

{#
  Value that refunds can pay for: of cancelled units as far as these had been captured, of returned units that no other refund names, and
  of units that were lost or returned by the carrier. Relations of orders and of the sums of their lines and payments.
#}
{% macro refund_limits(orders, lines, payments, keys) -%}
    select
        {% for key in keys -%}
        totals.{{ key }},
        {% endfor -%}
        totals.currency_digits,
        totals.is_nothing_left,
        least(
            totals.cancelled_amount + case when totals.is_nothing_left then totals.shipping_due_amount else 0 end,
            greatest(
                totals.captured_amount - totals.kept_amount
                - case when totals.is_nothing_left then 0 else totals.shipping_due_amount end, 0
            )
        ) as to_cancelled,
        greatest(totals.returned_amount - totals.refunded_for_returns_amount, 0) as of_returned,
        totals.reopened_amount as of_lost
    from (
        select
            {% for key in keys -%}
            {{ orders }}.{{ key }},
            {% endfor -%}
            {{ orders }}.currency_digits,
            coalesce({{ lines }}.is_all_called_off, false)
            or ({{ orders }}.is_whole_order_cancelled and coalesce({{ lines }}.shipped_quantity, 0) = 0) as is_nothing_left,
            {{ orders }}.shipping_amount
            + case when {{ orders }}.prices_include_tax then 0 else {{ orders }}.shipping_tax_amount end as shipping_due_amount,
            {% for column in ['kept', 'cancelled', 'returned', 'reopened'] -%}
            coalesce({{ lines }}.{{ column }}_amount, 0) as {{ column }}_amount,
            {% endfor -%}
            {{ payments }}.captured_amount,
            {{ payments }}.refunded_for_returns_amount
        from {{ payments }}
        inner join {{ orders }}
            on
                {% for key in keys -%}
                {{ payments }}.{{ key }} = {{ orders }}.{{ key }}{{ ' and ' if not loop.last }}
                {% endfor %}
        left join {{ lines }}
            on
                {% for key in keys -%}
                {{ payments }}.{{ key }} = {{ lines }}.{{ key }}{{ ' and ' if not loop.last }}
                {% endfor %}
    ) as totals
{%- endmacro %}

{#
  Refunds with what they pay for, in the order of time: cancelled units first, then returned, then lost ones. The rest is goodwill.
  Shipping in a refund pays for no unit, unless nothing is left of the order.
#}
{% macro refunds_assigned(refunds, keys) -%}
    select
        running.*,
        least(running.so_far, running.to_cancelled)
        - least(running.so_far - running.for_units_amount, running.to_cancelled) as cancelled_amount,
        {% for column, above, below in [
            ('returned_amount', 'to_returned', 'to_cancelled'), ('lost_amount', 'to_lost', 'to_returned')
        ] -%}
        greatest(least(running.so_far, running.{{ above }}) - running.{{ below }}, 0)
        - greatest(least(running.so_far - running.for_units_amount, running.{{ above }}) - running.{{ below }}, 0)
            as {{ column }},
        {% endfor -%}
        greatest(running.so_far - running.to_lost, 0)
        - greatest(running.so_far - running.for_units_amount - running.to_lost, 0) as goodwill_amount
    from (
        select
            limited.*,
            sum(limited.for_units_amount) over (
                partition by {% for key in keys %}limited.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
                order by limited.occurred_at, limited.payment_id
                rows between unbounded preceding and current row
            ) as so_far
        from (
            select
                {{ refunds }}.*,
                {{ refunds }}.to_cancelled + {{ refunds }}.of_returned as to_returned,
                {{ refunds }}.to_cancelled + {{ refunds }}.of_returned + {{ refunds }}.of_lost as to_lost,
                case
                    when {{ refunds }}.is_nothing_left then {{ refunds }}.refunded_amount
                    else greatest({{ refunds }}.refunded_amount - {{ refunds }}.shipping_with_tax_amount, 0)
                end as for_units_amount
            from {{ refunds }}
        ) as limited
    ) as running
{%- endmacro %}

{#
  Columns of the goods part of a refund: the net value of the goods in its goodwill, their tax, and the value that the tax belongs to. A
  split takes back no more than the refund without its shipping. Tax is divided between goods and shipping in proportion.
#}
{% macro goods_refunded(refund) -%}
    {%- set without_shipping = 'greatest(' ~ refund ~ '.amount_order_currency - ' ~ refund ~ '.shipping_with_tax_amount, 0)' -%}
    {%- set goods = 'least(' ~ refund ~ '.goods_amount_order_currency, ' ~ without_shipping ~ ')' -%}
    cast(
        case
            when {{ refund }}.goodwill_amount >= {{ refund }}.for_units_amount then {{ goods }}
            else {{ round_half_even_quotient(
                goods, ten_thousandths(refund ~ '.goodwill_amount'), ten_thousandths(refund ~ '.for_units_amount'),
                refund ~ '.currency_digits'
            ) }}
        end as {{ money_type() }}
    ) as net_amount,
    cast(
        least(
            coalesce({{ refund }}.tax_amount_order_currency, 0)
            + greatest(coalesce({{ refund }}.shipping_amount_order_currency, 0), 0) - {{ refund }}.shipping_with_tax_amount,
            greatest({{ refund }}.amount_order_currency - {{ refund }}.shipping_with_tax_amount - {{ goods }}, 0)
        ) as {{ money_type() }}
    ) as tax_amount,
    cast({{ goods }} as {{ money_type() }}) as goods_amount
{%- endmacro %}

{#
  Running sum of the claims of an order in the order in which they are met. `keys` are the columns that tell the states of orders
  apart, `day` is the column of the day that a claim belongs to.
#}
{% macro claimed_so_far(claims, keys, day) -%}
    sum({{ claims }}.net_amount) over (
            partition by {% for key in keys %}{{ claims }}.{{ key }}{{ ', ' if not loop.last }}{% endfor %}
            order by
                {{ claims }}.occurred_at,
                {{ claims }}.event_kind,
                {{ claims }}.return_id nulls last,
                {{ claims }}.line_id nulls last,
                {{ claims }}.event_number,
                {{ claims }}.{{ day }},
                {{ claims }}.payment_id nulls last
            rows between unbounded preceding and current row
        )
{%- endmacro %}

{#
  Part of a claim that is met, as far as the order has sold. Sales below zero, of free goods without the tax in their prices,
  limit as nothing.
#}
{% macro met_amount(claim, sold) -%}
    least({{ claim }}.claimed_so_far, greatest({{ sold }}, 0))
        - least({{ claim }}.claimed_so_far - {{ claim }}.net_amount, greatest({{ sold }}, 0))
{%- endmacro %}

{# Tax of a return or refund, in proportion to the part of its claim that is met. #}
{% macro tax_of_claim(claim, digits) -%}
    case
        when {{ claim }}.returns_amount = {{ claim }}.goods_amount then {{ claim }}.tax_amount
        else {{ round_half_even_quotient(
            claim ~ '.tax_amount', ten_thousandths(claim ~ '.returns_amount'), ten_thousandths(claim ~ '.goods_amount'), digits
        ) }}
    end
{%- endmacro %}

{# What a refund gives away: neither for cancelled, returned or lost units, nor met as a claim. #}
{% macro given_away(goodwill, shipping, returns, returns_tax) -%}
    greatest({{ goodwill }} + {{ shipping }} - coalesce({{ returns }} + {{ returns_tax }}, 0), 0)
{%- endmacro %}
