{#
  CTEs of the units of lines at the end of days: by the version in force, the parcels that have left and not ended, and what was cancelled
  by then. `days` is a CTE of orders and days, `versions` one of versions_in_force; `called_off` is the last CTE. A whole order is
  cancelled by its versions, or by an action.
#}
{% macro units_known(days, versions, touched) -%}
shipment_lines as (
    select
        shipment_lines.*,
        {{ business_date('shipment_lines.shipped_at') }} as shipped_date,
        {{ parcel_end_date('shipment_lines') }} as ended_date
    from {{ ref('int_shipment_lines') }} as shipment_lines
    where
        shipment_lines.has_order_line
        and {{ is_touched('shipment_lines.order_id', touched) }}
),

actions as (
    select * from {{ ref('int_actions_judged') }}
    where
        is_accepted
        and kind in ('cancel', 'cancel_line')
        and {{ is_touched('order_id', touched) }}
),

shipped as (
    select
        days.order_id,
        days.business_date,
        shipment_lines.line_id,
        sum(case
            when
                shipment_lines.shipped_date <= days.business_date
                and coalesce(shipment_lines.ended_date > days.business_date, true)
                then shipment_lines.quantity
            else 0
        end) as shipped_quantity,
        sum(case
            when
                shipment_lines.ended_date <= days.business_date
                and shipment_lines.outcome in ('lost', 'carrier_returned')
                then shipment_lines.quantity
            else 0
        end) as gone_quantity
    from {{ days }} as days
    inner join shipment_lines on days.order_id = shipment_lines.order_id
    group by
        days.order_id,
        days.business_date,
        shipment_lines.line_id
),

cancelled as (
    select
        days.order_id,
        days.business_date,
        actions.line_id,
        max(case when actions.kind = 'cancel' then 1 else 0 end) as whole_count,
        sum(case when actions.kind = 'cancel_line' then actions.quantity else 0 end) as cancelled_quantity
    from {{ days }} as days
    inner join actions
        on
            days.order_id = actions.order_id
            and days.business_date >= {{ business_date('actions.occurred_at') }}
    group by
        days.order_id,
        days.business_date,
        actions.line_id
),

cancelled_orders as (
    select distinct
        cancelled.order_id,
        cancelled.business_date
    from cancelled
    where cancelled.whole_count > 0
),

joined as (
    select
        versions.order_id,
        versions.line_id,
        days.business_date,
        versions.ordered_quantity,
        versions.currency,
        versions.currency_digits,
        versions.prices_include_tax,
        versions.ordered_gross_amount,
        versions.ordered_discount_amount,
        versions.ordered_tax_amount,
        versions.is_whole_order_cancelled or cancelled_orders.order_id is not null as is_whole_order_cancelled,
        greatest(
            versions.cancelled_quantity, least(coalesce(cancelled.cancelled_quantity, 0), versions.ordered_quantity)
        ) as requested_cancelled_quantity,
        coalesce(shipped.shipped_quantity, 0) as shipped_quantity,
        coalesce(shipped.gone_quantity, 0) as gone_quantity
    from {{ days }} as days
    inner join {{ versions }} as versions
        on
            days.order_id = versions.order_id
            and days.business_date >= versions.from_date
            and days.business_date < versions.until_date
    left join cancelled_orders
        on
            days.order_id = cancelled_orders.order_id
            and days.business_date = cancelled_orders.business_date
    {%- for table in ['shipped', 'cancelled'] %}
    left join {{ table }}
        on
            versions.order_id = {{ table }}.order_id
            and versions.line_id = {{ table }}.line_id
            and days.business_date = {{ table }}.business_date
    {%- endfor %}
),

called_off as (
    select
        joined.*,
        {{ called_off_quantity('joined') }} as called_off_quantity
    from joined
),
{%- endmacro %}
