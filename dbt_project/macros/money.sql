{# Type of an amount of money. #}
{% macro money_type() -%}
    decimal(18, 4)
{%- endmacro %}

{# Decimal digits of a currency's minor unit, for a column joined from the seed `currencies`. Two if unknown. #}
{% macro minor_unit(digits_column) -%}
    coalesce({{ digits_column }}, 2)
{%- endmacro %}

{# Decimal digits of the reporting currency's minor unit, a constant. A test compares the list with the seed `currencies`. #}
{% macro reporting_digits() -%}
    {{ return(uncommon_digits().get(var('reporting_currency'), 2)) }}
{%- endmacro %}

{# Decimal digits of the currencies whose minor unit has not two. #}
{% macro uncommon_digits() -%}
    {%- set found = {} -%}
    {%- for digits, currencies in [
        (0, 'ADP BEF BIF BYR CLP DJF ECS ESP GNF ISK ITL JPY KMF KRW LUF MGF PTE PYG ROL RWF TRL UGX UYI VND VUV XAF XOF XPF'),
        (3, 'BHD IQD JOD KWD LYD OMR TND'),
        (4, 'CLF UYW XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX'),
    ] -%}
        {%- for currency in currencies.split() -%}
            {%- do found.update({currency: digits}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
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

{# total × k ÷ quantity with twelve decimal places. #}
{% macro exact_share(total, k, quantity) -%}
    {%- set doubled = "(" ~ ten_thousandths("abs(" ~ total ~ ")") ~ " * " ~ to_big_integer("100000000") ~ " * (" ~ k ~ ") * 2)" -%}
    cast(
        sign({{ total }}) * cast(
            {{ big_integer_quotient("(" ~ doubled ~ " + " ~ quantity ~ ")", "(" ~ quantity ~ " * 2)") }} as decimal(25, 0)
        ) * cast(0.000000000001 as decimal(13, 12)) as decimal(30, 12)
    )
{%- endmacro %}

{# Amount of twelve decimal places rounded half-up, away from zero, to `digits` places. #}
{% macro round_half_up(amount, digits) -%}
    cast(case {{ digits }}
        {%- for places in [0, 1, 2, 3] %}
        when {{ places }} then round({{ amount }}, {{ places }})
        {%- endfor %}
        else round({{ amount }}, 4)
    end as decimal(22, 4))
{%- endmacro %}

{# Amount of twelve decimal places rounded half-even to `digits` places. #}
{% macro round_half_even_share(amount, digits) -%}
    {%- set up = round_half_up(amount, digits) -%}
    {%- set unit = minor_unit_amount(digits) -%}
    ({{ up }} - case
        when
            abs({{ up }} - {{ amount }}) * 2 = {{ unit }}
            and {{ to_big_integer("abs(" ~ up ~ ") / " ~ unit) }} % 2 = 1
            then sign({{ amount }}) * {{ unit }}
        else 0
    end)
{%- endmacro %}

{# Product of a unit price and a number of units, rounded half-even to the currency's minor unit. #}
{% macro line_total(unit_price, quantity, digits) -%}
    {{ round_half_even_quotient(unit_price, quantity, 1, digits) }}
{%- endmacro %}

{# Amount rounded half-even to the currency's minor unit. #}
{% macro rounded_amount(amount, digits) -%}
    {{ round_half_even_quotient(amount, 1, 1, digits) }}
{%- endmacro %}

{#
  What the customer owes for the first `k` units of an order line, from the line's ordered totals: net, and tax unless the
  prices include it.
#}
{% macro owed_for_units(line, k) -%}
    ({{ split_amount(line ~ '.ordered_gross_amount', k, line ~ '.ordered_quantity', line ~ '.currency_digits') }}
    - {{ split_amount(line ~ '.ordered_discount_amount', k, line ~ '.ordered_quantity', line ~ '.currency_digits') }}
    + case when {{ line }}.prices_include_tax then 0 else {{ split_amount(
        line ~ '.ordered_tax_amount', k, line ~ '.ordered_quantity', line ~ '.currency_digits'
    ) }} end)
{%- endmacro %}

{#
  Part of a refund that was for shipping, with its share of the tax, where the split is known. Columns of int_payment_ledger.
#}
{% macro shipping_part_of_refund(ledger, digits) -%}
    case
        when {{ ledger }}.kind <> 'refunded' or coalesce({{ ledger }}.shipping_amount_order_currency, 0) <= 0 then 0
        when {{ ledger }}.goods_amount_order_currency = 0 then {{ ledger }}.status_amount_order_currency
        else {{ ledger }}.shipping_amount_order_currency + {{ round_half_even_quotient(
            'coalesce(' ~ ledger ~ '.tax_amount_order_currency, 0)',
            ten_thousandths(ledger ~ '.shipping_amount_order_currency'),
            ten_thousandths(
                'coalesce(' ~ ledger ~ '.goods_amount_order_currency, 0) + ' ~ ledger ~ '.shipping_amount_order_currency'
            ),
            digits
        ) }}
    end
{%- endmacro %}

{# True if an amount has a fraction of the currency's minor unit. Any rounding would change it. #}
{% macro is_broken_amount(amount, digits) -%}
    {{ amount }} % {{ minor_unit_amount(digits) }} <> 0
{%- endmacro %}
