{#
  Amount in the reporting currency, at a rate of int_fx_daily, rounded half-even to its minor unit. Null if the rate is missing.
  It belongs to one event: everything above sums the amounts of events.
#}
{% macro reporting_amount(amount, rate) -%}
    cast(case
        when {{ amount }} = 0 and {{ rate }} is not null then 0
        when {{ rate }} = 1 then {{ round_half_even('cast(' ~ amount ~ ' as ' ~ money_type() ~ ')', reporting_digits()) }}
        else {{ round_half_even('cast(' ~ amount ~ ' as ' ~ money_type() ~ ') * ' ~ rate, reporting_digits()) }}
    end as {{ money_type() }})
{%- endmacro %}

{#
  Amount in another currency, at the rate between the two and rounded half-even to `digits` places. `source` and `target` are
  rows of int_fx_daily for the same day. If one base quotes both, the rate is the quotient of its quotes, so that a quoted
  rate is used as it is; through the reporting currency a tie would be lost in the last digit of two rates. Currencies of
  different bases are converted through the reporting currency.
#}
{% macro converted_amount(amount, source, target, digits) -%}
    {%- set between -%}
        case
            when {{ source }}.via_currency = {{ target }}.via_currency
                then {{ rate_quotient(target ~ '.currency_quote', source ~ '.currency_quote') }}
            when {{ source }}.currency = '{{ var("reporting_currency") }}'
                then {{ rate_quotient(target ~ '.currency_quote', target ~ '.reporting_quote') }}
            when {{ target }}.currency = '{{ var("reporting_currency") }}' then {{ source }}.rate
        end
    {%- endset -%}
    coalesce(
        {{ round_half_even_to('cast(' ~ amount ~ ' as ' ~ money_type() ~ ') * ' ~ between, digits) }},
        {{ wide_half_even_quotient(
            amount,
            to_big_integer(source ~ '.rate * 1000000000000'),
            to_big_integer(target ~ '.rate * 1000000000000'),
            digits
        ) }}
    )
{%- endmacro %}

{# Type of a rate. With 19 digits, amount × rate fits the widest decimal of both engines. #}
{% macro rate_type() -%}
    decimal(19, 12)
{%- endmacro %}

{# One published rate divided by another, rounded to 12 places. Null if the result is too large for a rate or rounds to zero. #}
{% macro rate_quotient(numerator, denominator) -%}
    {%- set above = to_big_integer("cast(" ~ numerator ~ " as decimal(38, 8)) * 100000000") -%}
    {%- set below = to_big_integer("cast(" ~ denominator ~ " as decimal(38, 8)) * 100000000") -%}
    {%- set trillion = to_big_integer("1000000000000") -%}
    nullif(
        try_cast(
            try_cast(
                {{ big_integer_quotient("(" ~ above ~ " * " ~ trillion ~ " * 2 + " ~ below ~ ")", "(" ~ below ~ " * 2)") }}
                as decimal(19, 0)
            ) * cast(0.000000000001 as decimal(13, 12)) as {{ rate_type() }}
        ),
        0
    )
{%- endmacro %}
