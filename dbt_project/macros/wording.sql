{# Texts for people: numbers with their noun, amounts with their currency, instants and promises in the business time zone. #}

{# A number and its noun: `1 unit`, `2 units`. `many` is the plural, unless an s makes it. #}
{% macro counted(number, one, many=none) -%}
    concat(
        cast({{ number }} as {{ dbt.type_string() }}),
        case when {{ number }} = 1 then ' {{ one }}' else ' {{ many or one ~ "s" }}' end
    )
{%- endmacro %}

{# A number, its noun and an example: `1 warehouse: w1`, `2 warehouses, such as w1`. #}
{% macro counted_with_example(number, one, example) -%}
    concat({{ counted(number, one) }}, case when {{ number }} = 1 then ': ' else ', such as ' end, {{ example }})
{%- endmacro %}

{# What follows the first of several: ` (and 3 more)`, or nothing after the only one. #}
{% macro and_more(number) -%}
    case
        when {{ number }} > 1 then concat(' (and ', cast({{ number }} - 1 as {{ dbt.type_string() }}), ' more)')
        else ''
    end
{%- endmacro %}

{# An amount with the code and the digits of its currency: `USD 365.57`, `JPY 1200`. Without a known currency, the amount. #}
{% macro written_amount(amount, currency) -%}
    concat(
        coalesce(concat({{ currency }}, ' '), ''),
        case
            {%- for digits in uncommon_digits().values() | unique | sort %}
            when {{ currency }} in ({% for code, places in uncommon_digits().items() if places == digits -%}
                '{{ code }}'{{ ', ' if not loop.last }}
            {%- endfor %})
                then cast(cast({{ amount }} as decimal(18, {{ digits }})) as {{ dbt.type_string() }})
            {%- endfor %}
            else cast(cast({{ amount }} as decimal(18, 2)) as {{ dbt.type_string() }})
        end
    )
{%- endmacro %}

{# A UTC instant in the business time zone, to the second: `2026-03-31 12:00:05 (Europe/London)`. Null without one. #}
{% macro written_instant(instant) -%}
    case
        when {{ instant }} is not null then concat(
            cast(date_trunc('second', {{ business_time(instant) }}) as {{ dbt.type_string() }}),
            ' ({{ var("business_time_zone") }})'
        )
    end
{%- endmacro %}

{# A promise: the day alone if it is a day, else its instant in the business time zone. #}
{% macro written_promise(promised_at, is_day) -%}
    case
        when {{ is_day }} then cast({{ business_date(promised_at) }} as {{ dbt.type_string() }})
        else {{ written_instant(promised_at) }}
    end
{%- endmacro %}
