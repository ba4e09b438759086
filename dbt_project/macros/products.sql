{# Columns of fct_product_performance, from its CTEs. #}
{% macro performance_columns(amounts, weeks) %}
    select
        named.level as item_level,
        named.item,
        named.category,
        case
            when judged.item is null then 'no_demand'
            when named.first_week_date > clock.before_date then 'new'
            when judged.change_low > 0 then 'rising'
            when judged.change_high < 0 then 'falling'
            else 'no_clear_change'
        end as trend,
        cast(coalesce(judged.recent, 0) / {{ weeks }} as double) as recent_per_week,
        cast(coalesce(judged.earlier, 0) / {{ weeks }} as double) as earlier_per_week,
        judged.change as change_per_week,
        judged.change_low as change_low_per_week,
        judged.change_high as change_high_per_week,
        {{ ratio('judged.change * ' ~ weeks, 'judged.earlier') }} as change_rate,
        cast(coalesce(money.units_quantity, 0) as {{ dbt.type_bigint() }}) as units_quantity,
        cast(coalesce(money.returned_quantity, 0) as {{ dbt.type_bigint() }}) as returned_quantity,
        {% for amount in amounts -%}
        cast(money.{{ amount }} as {{ money_type() }}) as {{ amount }}_amount_reporting,
        {% endfor -%}
        cast(case when coalesce(shipping.missing_count, 0) = 0 then coalesce(shipping.shipping_cost, 0) end as {{ dbt.type_numeric() }})
            as shipping_cost_reporting,
        cast(
            money.net_sales - money.cost_of_goods
            - case when coalesce(shipping.missing_count, 0) = 0 then coalesce(shipping.shipping_cost, 0) end as {{ dbt.type_numeric() }}
        ) as margin_reporting,
        {{ ratio(
            'money.net_sales - money.cost_of_goods - case when coalesce(shipping.missing_count, 0) = 0 '
            ~ 'then coalesce(shipping.shipping_cost, 0) end', 'money.net_sales'
        ) }} as margin_rate,
        clock.from_date,
        {{ add_days_to_date('clock.until_date', -1) }} as until_date
    from named
    cross join clock
    left join judged
        on
            named.level = judged.level
            and named.item = judged.item
    left join money
        on
            named.level = money.level
            and named.item = money.item
    left join shipping
        on
            named.level = shipping.level
            and named.item = shipping.item
{% endmacro %}
