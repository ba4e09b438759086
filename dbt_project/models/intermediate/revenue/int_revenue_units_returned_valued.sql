{# Net value and tax of returned units, per recognition clock that recognises their sale. #}
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
        kept_quantity > 0
        and not is_gift_card
        and {{ is_touched('order_id', touched) }}
),

lines_sold as (
    select * from {{ ref('int_revenue_sales') }}
    where
        event_kind = 'sale'
        and {{ is_touched('order_id', touched) }}
),

clocks as (
    select clocks.recognition_clock
    from (values {% for clock in recognition_clocks() %}('{{ clock }}'){{ ', ' if not loop.last }}{% endfor %}) as clocks (recognition_clock)
),

recognised_lines as (
    select
        lines_sold.order_id,
        lines_sold.line_id,
        lines_sold.channel,
        lines_sold.country,
        lines_sold.currency,
        lines_sold.placed_date,
        {% for clock in recognition_clocks() -%}
        coalesce(sum(lines_sold.units_quantity) filter (where lines_sold.{{ clock }}_date is not null), 0)
            as {{ clock }}_quantity{{ ',' if not loop.last }}
        {% endfor -%}
    from lines_sold
    where lines_sold.order_id in (select units_returned.order_id from units_returned)
    group by
        lines_sold.order_id,
        lines_sold.line_id,
        lines_sold.channel,
        lines_sold.country,
        lines_sold.currency,
        lines_sold.placed_date
),

clocked_units as (
    select
        units_returned.*,
        recognised_lines.channel,
        recognised_lines.country,
        recognised_lines.currency,
        recognised_lines.placed_date,
        clocks.recognition_clock,
        case clocks.recognition_clock
            {% for clock in recognition_clocks() -%}
            when '{{ clock }}' then recognised_lines.{{ clock }}_quantity
            {% endfor -%}
        end as recognised_quantity
    from units_returned
    inner join recognised_lines
        on
            units_returned.order_id = recognised_lines.order_id
            and units_returned.line_id = recognised_lines.line_id
    cross join clocks
),

-- Of the recognised units the last ones come back first.
kept_units as (
    select
        clocked_units.*,
        clocked_units.recognised_quantity
        - least(clocked_units.returned_before_quantity, clocked_units.recognised_quantity) as kept_before,
        clocked_units.recognised_quantity
        - least(clocked_units.returned_so_far_quantity, clocked_units.recognised_quantity) as kept_after
    from clocked_units
),

split_lines as (
    select
        kept_units.*,
        order_lines.sku,
        order_lines.prices_include_tax,
        {% for column in ['gross', 'discount', 'tax'] -%}
        {% for unit in ['kept_before', 'kept_after'] -%}
        {{ split_amount(
            'order_lines.ordered_' ~ column ~ '_amount', 'kept_units.' ~ unit, 'order_lines.ordered_quantity',
            'order_lines.currency_digits'
        ) }} as {{ column }}_{{ unit }}{{ ',' if not (loop.last and column == 'tax') }}
        {% endfor -%}
        {% endfor -%}
    from kept_units
    inner join order_lines
        on
            kept_units.order_id = order_lines.order_id
            and kept_units.line_id = order_lines.line_id
    where kept_units.kept_before > kept_units.kept_after
),

final as (
    select
        split_lines.order_id,
        split_lines.line_id,
        split_lines.return_id,
        split_lines.recognition_clock,
        split_lines.sku,
        split_lines.channel,
        split_lines.country,
        split_lines.currency,
        split_lines.event_number,
        cast(split_lines.kept_before - split_lines.kept_after as {{ dbt.type_bigint() }}) as returned_quantity,
        cast(least(split_lines.restocked_quantity, split_lines.kept_before - split_lines.kept_after) as {{ dbt.type_bigint() }})
            as restocked_quantity,
        cast(
            split_lines.gross_kept_before - split_lines.gross_kept_after
            - split_lines.discount_kept_before + split_lines.discount_kept_after
            - case
                when split_lines.prices_include_tax then split_lines.tax_kept_before - split_lines.tax_kept_after
                else 0
            end
            as {{ money_type() }}
        ) as net_amount,
        cast(split_lines.tax_kept_before - split_lines.tax_kept_after as {{ money_type() }}) as tax_amount,
        split_lines.placed_date,
        cast({{ business_date('split_lines.occurred_at') }} as date) as business_date,
        split_lines.occurred_at
    from split_lines
)

select * from final
