{# Time of the clock as `HH:MM:SS`, so that texts compare as times. Null without one. #}
{% macro clock_text(time) -%}
    case
        when {{ time }} is not null then concat(
            case when substr({{ time }}, 2, 1) = ':' then '0' else '' end,
            {{ time }},
            case when length({{ time }}) <= 5 then ':00' else '' end
        )
    end
{%- endmacro %}

{# Number of the day of the week of a date: 1 is Monday, 7 Sunday. 1970-01-05 was a Monday. #}
{% macro weekday_number(day) -%}
    ((({{ days_between("cast('1970-01-05' as date)", day) }}) % 7 + 7) % 7 + 1)
{%- endmacro %}

{#
  True if the text of delivery days names the day of the week of a date. Without a text, deliveries are taken on every day.
  No name of a day contains the first three letters of another one.
#}
{% macro names_weekday(weekdays, day) -%}
    coalesce(
        {{ weekdays }} like concat('%', cast({{ weekday_number(day) }} as {{ dbt.type_string() }}), '%')
        or {{ weekdays }} like concat('%', lower({{ weekday_word(day, 3) }}), '%'),
        true
    )
{%- endmacro %}

{# Name of the day of the week of a date, or its first letters. #}
{% macro weekday_word(day, letters=none) -%}
    case {{ weekday_number(day) }}
        {%- for word in ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] %}
        when {{ loop.index }} then '{{ word[:letters] if letters else word }}'
        {%- endfor %}
    end
{%- endmacro %}

{#
  Price of one unit with the code of its currency. Digits beyond the currency's minor unit are shown where the price has them:
  `EUR 9.50`, `EUR 0.0125`.
#}
{% macro written_price(price, currency, digits) -%}
    case
        when {{ is_broken_amount(price, digits) }}
            then concat({{ currency }}, ' ', rtrim(cast(cast({{ price }} as {{ money_type() }}) as {{ dbt.type_string() }}), '0'))
        else {{ written_amount(price, currency) }}
    end
{%- endmacro %}
