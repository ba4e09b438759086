{# Microseconds since 1970 of a UTC instant, as a big integer. #}
{% macro instant_micros(instant) -%}
    {{ return(adapter.dispatch('instant_micros', 'orderhouse')(instant)) }}
{%- endmacro %}

{% macro duckdb__instant_micros(instant) -%}
    epoch_us({{ instant }})
{%- endmacro %}

{% macro default__instant_micros(instant) -%}
    unix_micros({{ instant }})
{%- endmacro %}

{# Last instant before another instant. #}
{% macro instant_before(instant) -%}
    {{ return(adapter.dispatch('instant_before', 'orderhouse')(instant)) }}
{%- endmacro %}

{% macro duckdb__instant_before(instant) -%}
    ({{ instant }} - interval 1 microsecond)
{%- endmacro %}

{% macro default__instant_before(instant) -%}
    ({{ instant }} - make_dt_interval(0, 0, 0, 0.000001))
{%- endmacro %}
