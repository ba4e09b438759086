{# Day from which a version is in force: the first one of a subject from the beginning, others from their own day. #}
{% macro in_force_from(subject, day) -%}
    case
        when row_number() over (partition by {{ subject }} order by {{ day }}) = 1 then cast('0001-01-01' as date)
        else {{ day }}
    end
{%- endmacro %}

{#
  CTEs of the versions of lines and of their orders, each with the business days on which it is in force: from that of its updated_at, the
  first one from the beginning. Of several versions of a day the last counts. `lines` is the CTE of the lines; `final` is the last CTE.
#}
{% macro versions_in_force(lines) -%}
lines as (
    select
        order_lines.*,
        {{ business_date('order_lines.updated_at') }} as version_date
    from {{ ref('stg_order_lines') }} as order_lines
    inner join {{ lines }} as revised
        on
            order_lines.order_id = revised.order_id
            and order_lines.line_id = revised.line_id
    qualify row_number() over (
        partition by order_lines.order_id, order_lines.line_id, {{ business_date('order_lines.updated_at') }}
        order by order_lines.updated_at desc, order_lines.is_current desc, order_lines.content_hash desc nulls last
    ) = 1
),

orders as (
    select
        orders.order_id,
        orders.currency,
        orders.prices_include_tax,
        orders.is_cancelled,
        {{ business_date('orders.updated_at') }} as version_date
    from {{ ref('stg_orders') }} as orders
    where orders.order_id in (select revised.order_id from {{ lines }} as revised)
    qualify row_number() over (
        partition by orders.order_id, {{ business_date('orders.updated_at') }}
        order by orders.updated_at desc, orders.is_current desc, orders.content_hash desc nulls last
    ) = 1
),

line_days as (
    select
        lines.*,
        {{ in_force_from('lines.order_id, lines.line_id', 'lines.version_date') }} as from_date,
        coalesce(
            lead(lines.version_date) over (partition by lines.order_id, lines.line_id order by lines.version_date),
            cast('9999-12-31' as date)
        ) as until_date
    from lines
),

order_days as (
    select
        orders.*,
        {{ in_force_from('orders.order_id', 'orders.version_date') }} as from_date,
        coalesce(
            lead(orders.version_date) over (partition by orders.order_id order by orders.version_date),
            cast('9999-12-31' as date)
        ) as until_date
    from orders
),

joined as (
    select
        line_days.order_id,
        line_days.line_id,
        line_days.sku,
        line_days.quantity,
        order_days.is_cancelled,
        case when order_days.is_cancelled then line_days.quantity else line_days.cancelled_quantity end as cancelled_quantity,
        line_days.unit_price,
        line_days.discount_amount,
        line_days.tax_amount,
        order_days.currency,
        order_days.prices_include_tax,
        cast({{ minor_unit('currencies.minor_digits') }} as {{ dbt.type_int() }}) as currency_digits,
        greatest(line_days.from_date, order_days.from_date) as from_date,
        least(line_days.until_date, order_days.until_date) as until_date
    from line_days
    inner join order_days
        on
            line_days.order_id = order_days.order_id
            and line_days.from_date < order_days.until_date
            and line_days.until_date > order_days.from_date
    left join {{ ref('currencies') }} as currencies on order_days.currency = currencies.currency
),

rounded as (
    select
        joined.*,
        {{ line_total('joined.unit_price', 'joined.quantity', 'joined.currency_digits') }} as ordered_gross_amount,
        {{ rounded_amount('joined.discount_amount', 'joined.currency_digits') }} as ordered_discount_amount,
        {{ rounded_amount('joined.tax_amount', 'joined.currency_digits') }} as ordered_tax_amount
    from joined
),

final as (
    select
        rounded.order_id,
        rounded.line_id,
        rounded.sku,
        rounded.quantity as ordered_quantity,
        rounded.cancelled_quantity,
        rounded.is_cancelled as is_whole_order_cancelled,
        rounded.currency,
        rounded.currency_digits,
        rounded.prices_include_tax,
        rounded.ordered_gross_amount,
        rounded.ordered_discount_amount,
        rounded.ordered_tax_amount,
        {{ discount_tax_amount('rounded') }} as ordered_discount_tax_amount,
        rounded.from_date,
        rounded.until_date
    from rounded
)
{%- endmacro %}
