{#
  Units of the lines with returns, part by part, per recognition clock that recognises them. By its clock a line is first sold
  part by part, by day, and keeps the order of its units.
#}
{%- set touched = ['int_touched_orders'] -%}
{{ config(materialized='ephemeral', step_of='int_revenue_returns') }}
-- depends_on: {{ ref('int_touched_orders') }}

with units_returned as (
    select * from {{ ref('int_revenue_units_returned') }}
    where {{ is_touched('order_id', touched) }}
),

sales as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'sale'
        and {{ is_touched('order_id', touched) }}
),

parts as (
    {% for clock in recognition_clocks() -%}
    select
        sales.order_id,
        sales.line_id,
        '{{ clock }}' as recognition_clock,
        sales.channel,
        sales.country,
        sales.currency,
        sales.goods_quantity,
        sales.units_before_quantity,
        sales.placed_date,
        sales.{{ clock }}_date as recognised_date
    from sales
    where
        sales.{{ clock }}_date is not null
        and exists (
            select 1 from units_returned
            where
                units_returned.order_id = sales.order_id
                and units_returned.line_id = sales.line_id
        )
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        parts.order_id,
        parts.line_id,
        parts.recognition_clock,
        parts.channel,
        parts.country,
        parts.currency,
        cast(parts.goods_quantity as {{ dbt.type_bigint() }}) as goods_quantity,
        cast(parts.units_before_quantity as {{ dbt.type_bigint() }}) as units_before_quantity,
        cast(coalesce(sum(parts.goods_quantity) over (
            partition by parts.order_id, parts.line_id, parts.recognition_clock
            order by parts.units_before_quantity
            rows between unbounded preceding and 1 preceding
        ), 0) as {{ dbt.type_bigint() }}) as recognised_before_quantity,
        cast(coalesce(sum(parts.goods_quantity) over (
            partition by parts.order_id, parts.line_id, parts.recognition_clock
            order by parts.recognised_date, parts.units_before_quantity
            rows between unbounded preceding and 1 preceding
        ), 0) as {{ dbt.type_bigint() }}) as recognised_earlier_quantity,
        cast(sum(parts.goods_quantity) over (
            partition by parts.order_id, parts.line_id, parts.recognition_clock
        ) as {{ dbt.type_bigint() }}) as recognised_quantity,
        parts.placed_date,
        parts.recognised_date
    from parts
)

select * from final
