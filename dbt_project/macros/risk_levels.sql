{#
  Delivery risk: the share of comparable promises that were broken. Levels go from all promises at the same age to those of
  the same lane. Each level adds keys to those of the level before. Its share is drawn to the share of the level before, which
  counts as much as `risk_prior_promises` promises.
#}
{% macro risk_levels() -%}
    {{ return([
        ['all', []],
        ['stage', ['is_shipped']],
        ['days_left', ['is_shipped', 'days_left_from']],
        ['destination', ['is_shipped', 'days_left_from', 'destination']],
        ['carrier', ['is_shipped', 'days_left_from', 'destination', 'carrier']],
        ['service', ['is_shipped', 'days_left_from', 'destination', 'carrier', 'service']],
        ['lane', ['is_shipped', 'days_left_from', 'destination', 'carrier', 'service', 'lane']],
    ]) }}
{%- endmacro %}

{# Ages in whole days at which promises are compared. A promise between two of them has the lower one. #}
{% macro risk_ages() -%}
    {{ return([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 21, 28, 35, 42, 60]) }}
{%- endmacro %}

{# Ages in whole days at which predictions are tested. #}
{% macro risk_backtest_ages() -%}
    {{ return([0, 3, 7, 14]) }}
{%- endmacro %}

{# Whole days left at which the bands of the days that are left begin. #}
{% macro risk_days_left() -%}
    {{ return([0, 2, 4, 7, 10, 14, 21, 28]) }}
{%- endmacro %}

{# Columns by which a level counts promises. Those of the way are as known at the age. #}
{% macro risk_keys(level_keys) -%}
    {%- set names = ['age_days'] -%}
    {%- for key in level_keys -%}
        {%- do names.append(key ~ '_known' if key in ['carrier', 'service', 'lane'] else key) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
