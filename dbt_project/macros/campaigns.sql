{#
  Normal deviate of the same two-sided tail as a Student t statistic, by Hill (1970), Algorithm 395. With normal_p_value the
  error of a p-value is below 0.00003 from 3 degrees of freedom on, 0.0005 for 2 and 0.03 for 1.
#}
{% macro student_t_deviate(statistic, degrees_of_freedom) -%}
    {%- set degrees = "cast(" ~ degrees_of_freedom ~ " as double)" -%}
    {%- set a = "(" ~ degrees ~ " - 0.5)" -%}
    {%- set b = "(48 * " ~ a ~ " * " ~ a ~ ")" -%}
    {%- set square = "(" ~ a ~ " * ln(1 + " ~ statistic ~ " * " ~ statistic ~ " / " ~ degrees ~ "))" -%}
    (((((-0.4 * {{ square }} - 3.3) * {{ square }} - 24) * {{ square }} - 85.5)
    / (0.8 * {{ square }} * {{ square }} + 100 + {{ b }}) + {{ square }} + 3) / {{ b }} + 1) * sqrt({{ square }})
{%- endmacro %}

{# Two-sided p-value of a normal deviate that is not negative, by Abramowitz and Stegun 26.2.17. #}
{% macro normal_p_value(deviate) -%}
    {%- set k = "(1 / (1 + 0.2316419 * " ~ deviate ~ "))" -%}
    least(2 * 0.3989422804014327 * exp(-{{ deviate }} * {{ deviate }} / 2) * {{ k }} * (
        0.319381530 + {{ k }} * (-0.356563782 + {{ k }} * (1.781477937 + {{ k }} * (-1.821255978 + {{ k }} * 1.330274429)))
    ), 1)
{%- endmacro %}

{#
  Sample variance from a count and the exact sums of the values and of their squares, so that it does not depend on the order of
  the rows. Null below two values.
#}
{% macro sample_variance(count, total, squares) -%}
    {%- set number = "cast(" ~ count ~ " as double)" -%}
    greatest(
        (cast({{ squares }} as double) - cast({{ total }} as double) * cast({{ total }} as double) / nullif({{ number }}, 0))
        / nullif({{ number }} - 1, 0),
        0
    )
{%- endmacro %}
