{#
  Net value and tax of returned units, per recognition clock that recognises their sale, on the later of the day of the return and
  the day of the sale. Of the days of sale the earliest come back first; of the values the last.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_returns') }}
-- depends_on: {{ ref('int_touched_orders') }}

with units_returned as (
    select * from {{ ref('int_revenue_units_returned') }}
    where {{ is_touched('order_id', touched) }}
),

order_lines as (
    select * from {{ ref('int_order_lines') }}
    where
        returned_of_shipped_quantity > 0
        and {{ is_touched('order_id', touched) }}
),

recognised as (
    select * from {{ ref('int_revenue_units_recognised') }}
),

-- Goods that were never sent do not come back.
limited as (
    select
        units_returned.*,
        order_lines.sku,
        order_lines.ordered_gross_amount,
        order_lines.ordered_discount_amount,
        order_lines.ordered_tax_amount,
        order_lines.ordered_quantity,
        order_lines.currency_digits,
        order_lines.prices_include_tax,
        {{ business_date('units_returned.occurred_at') }} as returned_date,
        least(units_returned.returned_so_far_quantity, order_lines.returned_of_shipped_quantity) as last_returned
    from units_returned
    inner join order_lines
        on
            units_returned.order_id = order_lines.order_id
            and units_returned.line_id = order_lines.line_id
    where units_returned.returned_before_quantity < order_lines.returned_of_shipped_quantity
),

-- The units of an event that are sold by the same day.
dated as (
    select
        limited.order_id,
        limited.line_id,
        limited.return_id,
        limited.event_number,
        recognised.recognition_clock,
        greatest(limited.returned_date, recognised.recognised_date) as business_date,
        min(greatest(limited.returned_before_quantity, recognised.recognised_earlier_quantity)) as first_returned,
        max(least(limited.last_returned, recognised.recognised_earlier_quantity + recognised.goods_quantity)) as last_returned
    from limited
    inner join recognised
        on
            limited.order_id = recognised.order_id
            and limited.line_id = recognised.line_id
            and limited.returned_before_quantity < recognised.recognised_earlier_quantity + recognised.goods_quantity
            and limited.last_returned > recognised.recognised_earlier_quantity
    group by
        limited.order_id,
        limited.line_id,
        limited.return_id,
        limited.event_number,
        recognised.recognition_clock,
        greatest(limited.returned_date, recognised.recognised_date)
),

-- Returned units are counted from the last recognised one down.
placed as (
    select
        dated.*,
        recognised.channel,
        recognised.country,
        recognised.currency,
        recognised.placed_date,
        recognised.units_before_quantity - recognised.recognised_before_quantity + greatest(
            recognised.recognised_quantity - dated.last_returned, recognised.recognised_before_quantity
        ) as first_unit,
        recognised.units_before_quantity - recognised.recognised_before_quantity + least(
            recognised.recognised_quantity - dated.first_returned,
            recognised.recognised_before_quantity + recognised.goods_quantity
        ) as last_unit
    from dated
    inner join recognised
        on
            dated.order_id = recognised.order_id
            and dated.line_id = recognised.line_id
            and dated.recognition_clock = recognised.recognition_clock
            and recognised.recognised_quantity - dated.last_returned
            < recognised.recognised_before_quantity + recognised.goods_quantity
            and recognised.recognised_quantity - dated.first_returned > recognised.recognised_before_quantity
),

valued as (
    select
        placed.*,
        limited.sku,
        limited.restocked_quantity,
        limited.returned_before_quantity,
        limited.prices_include_tax,
        limited.occurred_at,
        {% for column in ['gross', 'discount', 'tax'] -%}
        {{ split_amount(
            'limited.ordered_' ~ column ~ '_amount', 'placed.last_unit', 'limited.ordered_quantity', 'limited.currency_digits'
        ) }} - {{ split_amount(
            'limited.ordered_' ~ column ~ '_amount', 'placed.first_unit', 'limited.ordered_quantity', 'limited.currency_digits'
        ) }} as {{ column }}_amount{{ ',' if not loop.last }}
        {% endfor %}
    from placed
    inner join limited
        on
            placed.order_id = limited.order_id
            and placed.line_id = limited.line_id
            and placed.return_id = limited.return_id
            and placed.event_number = limited.event_number
),

final as (
    select
        valued.order_id,
        valued.line_id,
        valued.return_id,
        valued.recognition_clock,
        min(valued.sku) as sku,
        min(valued.channel) as channel,
        min(valued.country) as country,
        min(valued.currency) as currency,
        valued.event_number,
        cast(min(valued.last_returned - valued.first_returned) as {{ dbt.type_bigint() }}) as returned_quantity,
        cast(min(
            least(valued.restocked_quantity, valued.last_returned - valued.returned_before_quantity)
            - least(valued.restocked_quantity, valued.first_returned - valued.returned_before_quantity)
        ) as {{ dbt.type_bigint() }}) as restocked_quantity,
        cast(
            sum(
                valued.gross_amount - valued.discount_amount - case when valued.prices_include_tax then valued.tax_amount else 0 end
            ) as {{ money_type() }}
        ) as net_amount,
        cast(sum(valued.tax_amount) as {{ money_type() }}) as tax_amount,
        min(valued.placed_date) as placed_date,
        cast(valued.business_date as date) as business_date,
        min(valued.occurred_at) as occurred_at
    from valued
    group by
        valued.order_id,
        valued.line_id,
        valued.return_id,
        valued.recognition_clock,
        valued.event_number,
        valued.business_date
)

select * from final
