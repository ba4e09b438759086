{# Type of an amount of money. #}
{% macro money_type() -%}
    decimal(18, 4)
{%- endmacro %}

{# Decimal digits of a currency's minor unit, for a column joined from the seed `currencies`. Two if unknown. #}
{% macro minor_unit(digits_column) -%}
    coalesce({{ digits_column }}, 2)
{%- endmacro %}

{# Ratio as a double. Null if the denominator is zero. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#
  R(k) of the money rules: the part of `total` that belongs to the first `k` of `quantity` units, rounded half-even to the
  currency's minor unit. R(0) is 0 and R(quantity) is the total, so parts always add up.
#}
{% macro split_amount(total, k, quantity, digits) -%}
    cast(case
        when {{ quantity }} <= 0 or {{ k }} >= {{ quantity }} then {{ total }}
        when {{ k }} <= 0 then 0
        else {{ round_half_even_quotient(total, k, quantity, digits) }}
    end as {{ money_type() }})
{%- endmacro %}

{# Amount rounded half-up, away from zero, to the minor unit of a currency with `digits` decimal digits. #}
{% macro round_half_up(amount, digits) -%}
    case {{ digits }}
        {%- for places in [0, 1, 2, 3] %}
        when {{ places }} then round({{ amount }}, {{ places }})
        {%- endfor %}
        else {{ amount }}
    end
{%- endmacro %}
