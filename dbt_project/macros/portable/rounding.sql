{#
  Value rounded half-even to `digits` places, a constant. The value must be a decimal, because both engines are exact only
  with decimals.
#}
{% macro round_half_even(value, digits) -%}
    {{ return(adapter.dispatch('round_half_even', 'orderhouse')(value, digits)) }}
{%- endmacro %}

{% macro duckdb__round_half_even(value, digits) -%}
    round_even({{ value }}, {{ digits }})
{%- endmacro %}

{% macro default__round_half_even(value, digits) -%}
    bround({{ value }}, {{ digits }})
{%- endmacro %}

{#
  The same for an amount and a column that holds the digits. Each branch has the type of an amount: of decimals with 37 digits
  and different places the engines would make one with too few places.
#}
{% macro round_half_even_to(amount, digits_column) -%}
    case {{ digits_column }}
        {%- for digits in [0, 1, 3, 4] %}
        when {{ digits }} then cast({{ round_half_even(amount, digits) }} as {{ money_type() }})
        {%- endfor %}
        else cast({{ round_half_even(amount, 2) }} as {{ money_type() }})
    end
{%- endmacro %}

{#
  total × k ÷ quantity, rounded half-even to `digits` places. The arithmetic uses integers of ten-thousandths and is
  exact. A quotient of decimals would be a float on one engine and a rounded decimal on the other.
#}
{% macro round_half_even_quotient(total, k, quantity, digits) -%}
    {{ return(adapter.dispatch('round_half_even_quotient', 'orderhouse')(total, k, quantity, digits)) }}
{%- endmacro %}

{#
  DuckDB divides integers of 64 bits seven times as fast as those of 128 bits. Below these limits every product has 64 bits.
  Larger numbers are computed as on the other engine.
#}
{% macro duckdb__round_half_even_quotient(total, k, quantity, digits) -%}
    case
        when
            {{ total }} > -100000 and {{ total }} < 100000
            and {{ k }} > -1000000000 and {{ k }} < 1000000000
            and {{ quantity }} > 0 and {{ quantity }} < 1000000000
            then {{ half_even_of_integers(
                total, 'cast(abs(cast(' ~ total ~ ' as ' ~ money_type() ~ ')) * 10000 as bigint)',
                'cast(' ~ k ~ ' as bigint)', 'cast(' ~ quantity ~ ' as bigint)', digits
            ) }}
        else {{ wide_half_even_quotient(total, k, quantity, digits) }}
    end
{%- endmacro %}

{% macro default__round_half_even_quotient(total, k, quantity, digits) -%}
    {{ wide_half_even_quotient(total, k, quantity, digits) }}
{%- endmacro %}

{# The quotient for numbers of any size. #}
{% macro wide_half_even_quotient(total, k, quantity, digits) -%}
    {{ half_even_of_integers(total, ten_thousandths('abs(' ~ total ~ ')'), '(' ~ k ~ ')', '(' ~ quantity ~ ')', digits) }}
{%- endmacro %}

{#
  The quotient from integers: `parts` is the total in ten-thousandths without its sign. Signs are put aside, because the
  remainder of a negative number is negative.
#}
{% macro half_even_of_integers(total, parts, k, quantity, digits) -%}
    {%- set unit = "(case " ~ digits ~ " when 0 then 10000 when 1 then 1000 when 2 then 100 when 3 then 10 else 1 end)" -%}
    {%- set numerator = "(" ~ parts ~ " * abs(" ~ k ~ "))" -%}
    {%- set denominator = "(abs(" ~ quantity ~ ") * " ~ unit ~ ")" -%}
    {%- set whole = big_integer_quotient(numerator, denominator) -%}
    {%- set doubled_rest = "(" ~ numerator ~ " % " ~ denominator ~ ") * 2" -%}
    cast(
        sign({{ total }}) * case when ({{ k }} < 0) <> ({{ quantity }} < 0) then -1 else 1 end * cast(
            {{ whole }} + case
                when {{ doubled_rest }} > {{ denominator }} then 1
                when {{ doubled_rest }} = {{ denominator }} and {{ whole }} % 2 = 1 then 1
                else 0
            end as decimal(18, 0)
        ) * {{ unit }} * cast(0.0001 as decimal(5, 4)) as decimal(18, 4)
    )
{%- endmacro %}

{# Amount in ten-thousandths. It needs more digits than the type of an amount has. #}
{% macro ten_thousandths(amount) -%}
    {{ return(adapter.dispatch('ten_thousandths', 'orderhouse')(amount)) }}
{%- endmacro %}

{# Casting a decimal of more than 18 digits takes DuckDB twenty times as long. #}
{% macro duckdb__ten_thousandths(amount) -%}
    case
        when {{ amount }} > -1000000000 and {{ amount }} < 1000000000
            then cast(cast({{ amount }} as {{ money_type() }}) * 10000 as bigint)
        else {{ default__ten_thousandths(amount) }}
    end
{%- endmacro %}

{% macro default__ten_thousandths(amount) -%}
    {{ to_big_integer("cast(" ~ amount ~ " as decimal(28, 4)) * 10000") }}
{%- endmacro %}

{% macro to_big_integer(expression) -%}
    {{ return(adapter.dispatch('to_big_integer', 'orderhouse')(expression)) }}
{%- endmacro %}

{% macro duckdb__to_big_integer(expression) -%}
    cast({{ expression }} as hugeint)
{%- endmacro %}

{% macro default__to_big_integer(expression) -%}
    cast({{ expression }} as decimal(38, 0))
{%- endmacro %}

{% macro big_integer_quotient(numerator, denominator) -%}
    {{ return(adapter.dispatch('big_integer_quotient', 'orderhouse')(numerator, denominator)) }}
{%- endmacro %}

{% macro duckdb__big_integer_quotient(numerator, denominator) -%}
    ({{ numerator }} // {{ denominator }})
{%- endmacro %}

{% macro default__big_integer_quotient(numerator, denominator) -%}
    ({{ numerator }} div {{ denominator }})
{%- endmacro %}
